"""Sentences that several pages of accounts say."""

from django.utils.translation import gettext_lazy as _

TOO_MANY_ATTEMPTS = _("Too many attempts. Wait 15 minutes, then try again.")
BUSY = _("Too many people are signing in at the moment. Try again in a minute.")
DEACTIVATED = _("This account is deactivated. An owner or admin of your team can reactivate it.")
EMAIL_TAKEN = _("There is already an account with this e-mail address. Sign in to join.")
MAIL_BUSY = _("No mail can be sent at the moment. Try again in a few minutes.")
PASSWORD_HELP = _("At least 12 characters. A short sentence works well.")
OTHER_EMAIL = _("This invitation is for another e-mail address.")
EMAIL_IN_USE = _("There is already an account with this e-mail address.")
