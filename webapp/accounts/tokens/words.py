"""What access tokens say: what their scopes mean, and why one is refused."""

from django.utils.translation import gettext_lazy as _

SCOPE_HELP = _(
    "Read: see videos, people, datasets and models. Read and write: upload, name and recognise too. "
    "Admin: train too, and cancel trainings."
)
MORE_THAN_ROLE = _("Your role in “%(team)s” does not allow this much.")
UNKNOWN = _("This access token is unknown. Check that you copied all of it.")
REVOKED = _("This access token has been revoked. Create a new one on the page of your account.")
EXPIRED = _("This access token has expired. Create a new one on the page of your account.")
OWNER_GONE = _("Whoever created this access token is no longer in the team.")
NARROW = _("The scope of this access token does not allow this. Create one with a wider scope.")
LOWER_ROLE = _("Your role in the team no longer allows this. Ask an admin of the team.")
TOO_MANY = _("Too many unknown access tokens from your network. Wait 15 minutes, then try again.")
