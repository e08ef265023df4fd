"""Addresses of accounts, teams and invitations."""

from django.urls import path

from webapp.accounts import views
from webapp.accounts.closing import views as closing
from webapp.accounts.email_change import views as email_change
from webapp.accounts.invitations import views as invitations
from webapp.accounts.members import views as members
from webapp.accounts.oidc import views as oidc
from webapp.accounts.passwords import views as passwords
from webapp.accounts.profile import picture_views as pictures
from webapp.accounts.profile import views as profile
from webapp.accounts.reauthentication import views as reauthentication
from webapp.accounts.second_factor import sign_in_views as second_step
from webapp.accounts.second_factor import views as second_factor
from webapp.accounts.sessions import views as sessions
from webapp.accounts.teams import views as teams
from webapp.accounts.tokens import views as tokens

app_name = "accounts"
urlpatterns = [
    path("sign-in/", views.sign_in, name="login"),
    path("sign-in/second-step/", second_step.second_step, name="second_step"),
    path("sign-in/passkey/", second_step.passkey_sign_in, name="passkey_sign_in"),
    path("sign-in/with/", oidc.to_provider, name="to_provider"),
    path("sign-out/", views.sign_out, name="logout"),
    path("language/", views.set_language, name="set_language"),
    path("welcome/<str:token>/", views.first_owner, name="first_owner"),
    path("join/<str:token>/", invitations.join, name="join"),
    path("forgotten-password/", passwords.forgotten_password, name="forgotten_password"),
    path("new-password/<str:token>/", passwords.new_password, name="new_password"),
    path("profile/", profile.profile, name="profile"),
    path("profile/confirm/", reauthentication.reauthenticate, name="reauthenticate"),
    path("profile/app/", second_factor.set_up_app, name="app_setup"),
    path("profile/passkeys/", second_factor.add_passkey, name="add_passkey"),
    path("profile/passkeys/<int:factor_id>/name/", second_factor.rename_passkey, name="rename_passkey"),
    path("profile/factors/<int:factor_id>/remove/", second_factor.remove, name="remove_factor"),
    path("profile/recovery-codes/", second_factor.new_recovery_codes, name="recovery_codes"),
    path("accounts/<int:user_id>/picture/", pictures.picture, name="picture"),
    path("profile/picture/", pictures.set_picture, name="set_picture"),
    path("profile/picture/remove/", pictures.remove_picture, name="remove_picture"),
    path("profile/appearance/", profile.change_appearance, name="appearance"),
    path("profile/email/", email_change.change_email, name="change_email"),
    path("profile/new-email/<str:token>/", email_change.confirm_email, name="confirm_email"),
    path("profile/close/", closing.close_account, name="close_account"),
    path("profile/deactivate/", closing.deactivate, name="deactivate"),
    path("profile/delete/", closing.delete, name="delete_account"),
    path("profile/name/", profile.rename, name="rename"),
    path("profile/password/", profile.change_password, name="change_password"),
    path("profile/sessions/<int:session_id>/sign-out/", sessions.sign_out_device, name="sign_out_device"),
    path("profile/sign-out-others/", sessions.sign_out_others, name="sign_out_others"),
    path("profile/sign-out-everywhere/", profile.sign_out_everywhere, name="sign_out_everywhere"),
    path("profile/tokens/", tokens.token_list, name="tokens"),
    path("profile/tokens/new/", tokens.new_token, name="new_token"),
    path("profile/tokens/<uuid:token_id>/revoke/", tokens.revoke_own, name="revoke_token"),
    path("team/tokens/<uuid:token_id>/revoke/", tokens.revoke_of_member, name="revoke_member_token"),
    path("team/", teams.team_page, name="team"),
    path("team/settings/", teams.change_settings, name="team_settings"),
    path("team/second-factor/", teams.require_second_factor, name="require_second_factor"),
    path("team/switch/", teams.switch_team, name="switch_team"),
    path("team/new/", teams.new_team, name="new_team"),
    path("team/leave/", members.leave, name="leave"),
    path("team/members/<int:membership_id>/role/", members.change_role, name="change_role"),
    path("team/members/<int:membership_id>/remove/", members.remove, name="remove"),
    path("team/members/<int:membership_id>/second-factor/", members.remove_lost_factor, name="lost_factor"),
    path("team/members/<int:membership_id>/transfer/", members.transfer_ownership, name="transfer"),
    path("team/members/<int:membership_id>/reactivate/", closing.reactivate, name="reactivate"),
    path("team/members/<int:membership_id>/password/", passwords.make_password_link, name="password_link"),
    path("team/invitations/", invitations.invite, name="invite"),
    path("team/invitations/<uuid:invitation_id>/send/", invitations.send_again, name="send_again"),
    path("team/invitations/<uuid:invitation_id>/revoke/", invitations.revoke, name="revoke"),
]
