"""`manage.py remove_second_factor EMAIL`: lets somebody who has lost their second factor sign in without it."""

from django.core.management.base import CommandError

from webapp.accounts.management.account_commands import AccountCommand
from webapp.accounts.models import User
from webapp.accounts.second_factor import services


class Command(AccountCommand):
    """For people whom nobody in their team can help. Their sessions end, and the password stays required."""

    help = "Removes the authenticator app, passkeys and recovery codes of this person, and signs them out everywhere."

    def handle_account(self, user: User) -> None:
        if not services.remove_all(user, by="manage.py"):
            raise CommandError("This account has no second factor.")
        self.stdout.write(f"Removed. {user.email} now signs in with the password alone.")
