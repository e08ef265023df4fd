"""`manage.py owner_link`: prints the path of a new one-time page that creates the owner."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from webapp.accounts.models import User
from webapp.accounts.services import new_first_owner_token


class Command(BaseCommand):
    """For installations that are not started by `up` in a terminal. Links printed before stop working."""

    help = "Prints the path of a new one-time page that creates the owner; earlier ones stop working."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--address", default="", help="where Rollcall is, to print a whole link")

    def handle(self, *args: Any, address: str, **options: Any) -> None:
        if User.objects.exists():
            raise CommandError("There is already an owner. Sign in instead.")
        path = reverse("accounts:first_owner", args=[new_first_owner_token()])
        self.stdout.write(f"{address.rstrip('/')}{path}")
