"""What the page of a link says when it lets nobody in."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from webapp.accounts.invitations.queries import InvitationState

CLOSED: dict[InvitationState | None, tuple[Promise, Promise]] = {
    None: (
        _("This link does not work"),
        _("Check that you copied all of it, or ask for a new one."),
    ),
    InvitationState.USED: (
        _("This invitation has already been used"),
        _("An invitation works once. If it was not you who used it, tell whoever sent it and ask for a new one."),
    ),
    InvitationState.EXPIRED: (
        _("This invitation has expired"),
        _("An invitation works for 7 days. Ask for a new one."),
    ),
    InvitationState.REVOKED: (
        _("This invitation was withdrawn"),
        _("Ask the team for a new one."),
    ),
    InvitationState.UNFOUNDED: (
        _("This invitation no longer works"),
        _("Whoever sent it can no longer invite people to this team. Ask someone else in the team for a new one."),
    ),
}
"""By state, None for a link that was never made: heading and what to do."""
