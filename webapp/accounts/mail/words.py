"""What stands in mails."""

from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from webapp.accounts.models import Invitation, User


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail: some paragraphs, and a button with a link if there is something to do."""

    subject: str
    paragraphs: tuple[str, ...]
    link: str = ""
    link_label: str = ""


def password_letter(user: User, link: str) -> Letter:
    told = _("Somebody asked to reset the password of your Rollcall account. The link works once, for one hour.")
    otherwise = _("If it was not you, ignore this e-mail. Your password stays as it is.")
    return Letter(_("Reset your Rollcall password"), (_hello(user), told, otherwise), link, _("Choose a new password"))


def new_email_letter(user: User, link: str) -> Letter:
    told = _("You want to sign in to Rollcall with this e-mail address from now on. The link works once, for a day.")
    otherwise = _("If it was not you, ignore this e-mail. Nothing changes.")
    return Letter(
        _("Confirm your new e-mail address"), (_hello(user), told, otherwise), link, _("Confirm this address")
    )


def email_changed_letter(user: User, new_email: str) -> Letter:
    told = _("You now sign in to Rollcall with %(email)s. This address is no longer used.") % {"email": new_email}
    otherwise = _("If it was not you, tell an owner of your team or whoever runs Rollcall at once.")
    return Letter(_("Your e-mail address was changed"), (_hello(user), told, otherwise))


def invitation_letter(invitation: Invitation, link: str) -> Letter:
    names = {"name": invitation.created_by, "team": invitation.team}
    paragraphs = [
        _("Hello,"),
        _("%(name)s invites you to the team “%(team)s” in Rollcall, which finds who is in videos.") % names,
        _("Your role: %(role)s") % {"role": invitation.get_role_display()},
        _("The link works once, until %(day)s.") % {"day": date_format(localtime(invitation.expires_at), "j M Y")},
    ]
    if invitation.is_for_email_only:
        paragraphs.append(
            _("It works only for an account with the e-mail address %(email)s.") % {"email": invitation.email}
        )
    paragraphs.append(_("If you do not know %(name)s, ignore this e-mail.") % names)
    subject = _("%(name)s invites you to “%(team)s”") % names
    return Letter(subject, tuple(paragraphs), link, _("Join the team"))


def _hello(user: User) -> str:
    return _("Hello %(name)s,") % {"name": user}
