"""`manage.py reactivate_account EMAIL`: lets somebody sign in again whose account was deactivated."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from webapp.accounts.closing import services
from webapp.accounts.email_rules import canonical_email
from webapp.accounts.models import User


class Command(BaseCommand):
    """For people whom nobody in their team can bring back."""

    help = "Lets somebody sign in again whose account was deactivated."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        user = User.objects.filter(email=canonical_email(email)).first()
        if user is None:
            raise CommandError("There is no account with this e-mail address.")
        try:
            services.reactivate_by_command(user, command="manage.py")
        except services.MayNotReactivate as error:
            raise CommandError("This account is not deactivated.") from error
        self.stdout.write("Reactivated.")
