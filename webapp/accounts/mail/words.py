"""What stands in mails."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from webapp.accounts.models import User


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail: some paragraphs, and a button with a link if there is something to do."""

    subject: str
    paragraphs: tuple[str, ...]
    link: str = ""
    link_label: str = ""


def password_letter(user: User, link: str) -> Letter:
    return Letter(
        subject=_("Reset your Rollcall password"),
        paragraphs=(
            _("Hello %(name)s,") % {"name": user},
            _("Somebody asked to reset the password of your Rollcall account. The link works once, for one hour."),
            _("If it was not you, ignore this e-mail. Your password stays as it is."),
        ),
        link=link,
        link_label=_("Choose a new password"),
    )
