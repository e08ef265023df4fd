"""`manage.py reset_password_link EMAIL`: prints the path of a one-time page that sets a new password."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from webapp.accounts.email_rules import canonical_email
from webapp.accounts.models import User
from webapp.accounts.passwords import services


class Command(BaseCommand):
    """For people whom nobody in their team can help. A second factor stays required."""

    help = "Prints the path of a page, good once and for a day, where this person sets a new password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        user = User.objects.filter(email=canonical_email(email)).first()
        if user is None:
            raise CommandError("There is no account with this e-mail address.")
        if not user.is_active:
            raise CommandError("This account is deactivated.")
        self.stdout.write(services.path_of(services.make_link_by_command(user, command="manage.py")))
