"""What commands on one account have in common."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from webapp.accounts.email_rules import canonical_email
from webapp.accounts.models import User


class AccountCommand(BaseCommand):
    """Takes the e-mail address of an account, and hands the account on."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        user = User.objects.filter(email=canonical_email(email)).first()
        if user is None:
            raise CommandError("There is no account with this e-mail address.")
        self.handle_account(user)

    def handle_account(self, user: User) -> None:
        """Raises CommandError."""
        raise NotImplementedError
