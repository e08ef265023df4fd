"""`manage.py reactivate_account EMAIL`: lets somebody sign in again whose account was deactivated."""

from django.core.management.base import CommandError

from webapp.accounts.closing import services
from webapp.accounts.management.account_commands import AccountCommand
from webapp.accounts.models import User


class Command(AccountCommand):
    """For people whom nobody in their team can bring back."""

    help = "Lets somebody sign in again whose account was deactivated."

    def handle_account(self, user: User) -> None:
        try:
            services.reactivate_by_command(user, command="manage.py")
        except services.MayNotReactivate as error:
            raise CommandError("This account is not deactivated.") from error
        self.stdout.write("Reactivated.")
