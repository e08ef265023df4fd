"""`manage.py remove_second_factor EMAIL`: lets somebody who has lost their second factor sign in without it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from webapp.accounts.email_rules import canonical_email
from webapp.accounts.models import User
from webapp.accounts.second_factor import services


class Command(BaseCommand):
    """For people whom nobody in their team can help. Their sessions end, and the password stays required."""

    help = "Removes the authenticator app, passkeys and recovery codes of this person, and signs them out everywhere."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        user = User.objects.filter(email=canonical_email(email)).first()
        if user is None:
            raise CommandError("There is no account with this e-mail address.")
        if not services.remove_all(user, by="manage.py"):
            raise CommandError("This account has no second factor.")
        self.stdout.write(f"Removed. {user.email} now signs in with the password alone.")
