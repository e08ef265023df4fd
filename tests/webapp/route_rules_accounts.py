"""The rows of `route_rules.py` for signing in, accounts, teams and jobs."""

from tests.factories import PASSWORD
from tests.webapp.route_calls import (
    EDIT,
    EVERYBODY,
    GONE,
    MANAGE,
    NO_ONE,
    OWN,
    REFUSED,
    SEE,
    SIGNED_IN,
    THE_ADMINS,
    THE_EDITORS,
    UNPROCESSABLE,
    Call,
    get,
    get_and_post,
    post,
)

NEW_PASSWORD = {"new_password1": "quite another phrase", "new_password2": "quite another phrase"}
ENTRANCE = {
    "": [get(EVERYBODY), post(EVERYBODY), Call("DELETE", EVERYBODY)],
    "healthz": [get(EVERYBODY)],
    "health/live": [get(EVERYBODY)],
    "health/ready": [get(EVERYBODY, gives=(200, 503))],
    # Without the operator's token, which no role has: `tests/webapp/operation/test_metrics_views.py` has it.
    "metrics": [get(EVERYBODY, gives=(404,))],
    "help/": [get(SIGNED_IN)],
    "deleted/": [get(SIGNED_IN)],
    "sign-in/": [
        get(EVERYBODY),
        post(EVERYBODY, {"username": "x@example.org", "password": "wrong"}, gives=(200, 302, 400)),
        Call("DELETE", EVERYBODY, gives=(200, 302, 405)),
    ],
    # Off in these tests, as in a new installation: `tests/webapp/accounts/test_oidc.py` walks both.
    "sign-in/with/": [get(EVERYBODY, gives=(404,))],
    "sign-in/with/<slug:provider_id>/": [get(EVERYBODY, gives=(404,), at={"provider_id": "oidc"})],
    "language/": [post(EVERYBODY, {"language": "zh-hans"})],
    "forgotten-password/": get_and_post(EVERYBODY, {"email": "x@example.org"}),
    "new-password/<str:token>/": get_and_post(EVERYBODY, NEW_PASSWORD, at={"token": "@password token"}),
    # Who has not begun to sign in, or has signed in already, is led elsewhere.
    "sign-in/second-step/": [
        *get_and_post(EVERYBODY, {"code": "000000"}, gives=(200, 302, 400, 409)),
        Call("DELETE", EVERYBODY, gives=(200, 302, 405)),
    ],
    "sign-in/passkey/": [
        *get_and_post(EVERYBODY, {"credential": "{}"}, gives=(200, 302, 303, 400)),
        Call("DELETE", EVERYBODY, gives=(200, 302, 405)),
    ],
    "sign-out/": [post(EVERYBODY)],
    "welcome/<str:token>/": get_and_post(EVERYBODY, gives=GONE),
    # Whoever has the link gets in.
    "join/<str:token>/": get_and_post(EVERYBODY),
}
ACCOUNT = {
    "profile/": [get(SIGNED_IN)],
    "profile/name/": [post(SIGNED_IN, {"name": "New"})],
    "profile/password/": [post(SIGNED_IN, {"old_password": PASSWORD} | NEW_PASSWORD)],
    # The admin has a second factor, and proves by that one.
    "profile/confirm/": get_and_post(SIGNED_IN, {"password": PASSWORD}, gives=(200, 303, 422)),
    "profile/app/": [get(SIGNED_IN), post(SIGNED_IN, {"code": "000000"}, gives=(303, 422))],
    "profile/passkeys/": [get(SIGNED_IN), post(SIGNED_IN, {"name": "x", "credential": "{}"}, gives=UNPROCESSABLE)],
    "profile/passkeys/<int:factor_id>/name/": [post(NO_ONE, {"name": "new"}, at={"factor_id": "@passkey"})],
    "profile/factors/<int:factor_id>/remove/": get_and_post(THE_ADMINS),
    "profile/recovery-codes/": get_and_post(SIGNED_IN, gives=(200, 303, 409)),
    "profile/email/": get_and_post(SIGNED_IN, {"email": "new@example.org"}),
    "profile/new-email/<str:token>/": get_and_post(THE_EDITORS, at={"token": "@e-mail token"}, refused=GONE),
    "profile/close/": [get(SIGNED_IN)],
    "profile/deactivate/": [post(SIGNED_IN, {"sure": "yes"})],
    "profile/delete/": [post(SIGNED_IN, {"sure": "yes"})],
    "profile/picture/": [post(SIGNED_IN, gives=REFUSED)],
    "profile/picture/remove/": [post(SIGNED_IN)],
    "profile/appearance/": [post(SIGNED_IN, {"theme": "dark"})],
    "profile/sessions/<int:session_id>/sign-out/": [post(THE_EDITORS)],
    "profile/sign-out-others/": [post(SIGNED_IN)],
    "profile/tokens/": [get(SIGNED_IN)],
    "profile/tokens/new/": [
        get(SIGNED_IN),
        post(SEE, {"team": "@team", "scope": "read", "name": "x", "days": "1"}, is_named=True, refused=UNPROCESSABLE),
        post(EDIT, {"team": "@team", "scope": "write", "name": "x", "days": "1"}, is_named=True, refused=UNPROCESSABLE),
        post(
            MANAGE, {"team": "@team", "scope": "admin", "name": "x", "days": "1"}, is_named=True, refused=UNPROCESSABLE
        ),
    ],
    "profile/tokens/<uuid:token_id>/revoke/": [post(THE_EDITORS)],
    "accounts/<int:user_id>/picture/": [get(SEE)],
    "profile/sign-out-everywhere/": [post(SIGNED_IN)],
}
LEAST_ROLES = {"photo_search_role": "owner", "export_role": "viewer", "share_role": "owner"}
TEAM = {
    "team/": [get(SIGNED_IN)],
    "team/settings/": [post(MANAGE, {"team": "@team", "name": "New"} | LEAST_ROLES, is_named=True)],
    # The owner has none, and would be shut out.
    "team/second-factor/": [post(OWN, {"team": "@team", "required": "yes"}, is_named=True, gives=REFUSED)],
    "team/members/<int:membership_id>/second-factor/": get_and_post(MANAGE),
    "team/members/<int:membership_id>/reactivate/": [post(MANAGE, at={"membership_id": "@inactive membership"})],
    "team/switch/": [post(SEE, {"team": "@team"}, is_named=True)],
    "team/new/": get_and_post(SIGNED_IN, {"name": "New"}),
    "team/leave/": [get(SEE, {"team": "@team"}, is_named=True), post(SEE, {"team": "@team"}, is_named=True)],
    "team/members/<int:membership_id>/role/": [post(MANAGE, {"role": "editor", "seen": "viewer"})],
    "team/members/<int:membership_id>/remove/": get_and_post(MANAGE, {"seen": "viewer"}),
    "team/members/<int:membership_id>/transfer/": get_and_post(OWN),
    "team/members/<int:membership_id>/password/": get_and_post(MANAGE),
    "team/invitations/": [post(MANAGE, {"team": "@team", "role": "viewer"}, is_named=True)],
    "team/invitations/<uuid:invitation_id>/revoke/": [post(MANAGE)],
    "team/invitations/<uuid:invitation_id>/send/": [
        post(MANAGE, at={"invitation_id": "@mailed invitation"}, gives=REFUSED)
    ],
    "team/tokens/<uuid:token_id>/revoke/": [post(MANAGE)],
    "audit/": [get(MANAGE), get(MANAGE, {"who": "@user", "subject": "@person"})],
    "audit/export/": [get(MANAGE), get(MANAGE, {"who": "@user", "subject": "@person"})],
    "jobs/<uuid:job_id>/cancel/": [post(EDIT)],
    "jobs/state/": [
        get(SEE, {kind: thing}, is_named=True)
        for kind, thing in (("team", "@team"), ("subject", "@video"), ("subject", "@dataset"), ("subject", "@run"))
    ],
}
ACCOUNTS: dict[str, list[Call]] = ENTRANCE | ACCOUNT | TEAM
