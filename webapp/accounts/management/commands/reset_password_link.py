"""`manage.py reset_password_link EMAIL`: prints the path of a one-time page that sets a new password."""

from django.core.management.base import CommandError

from webapp.accounts.management.account_commands import AccountCommand
from webapp.accounts.models import User
from webapp.accounts.passwords import services


class Command(AccountCommand):
    """For people whom nobody in their team can help. A second factor stays required."""

    help = "Prints the path of a page, good once and for a day, where this person sets a new password."

    def handle_account(self, user: User) -> None:
        if not user.is_active:
            raise CommandError("This account is deactivated.")
        self.stdout.write(services.path_of(services.make_link_by_command(user, command="manage.py")))
