"""`manage.py restart_web`: has the web processes replaced one after the other, so that no request fails."""

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from webapp.supervisor.data_folder import running_supervisor
from webapp.supervisor.web_servers import REPLACE_SIGNAL


class Command(BaseCommand):
    """For new code without a migration, and for a web server that holds too much memory. Nothing else is restarted."""

    help = "Replaces the web processes of the Rollcall that runs on this data folder, without a failed request."

    def handle(self, *args: Any, **options: Any) -> None:
        pid = running_supervisor(settings.DATA_DIR)
        if pid is None:
            raise CommandError(f"Rollcall does not run on {settings.DATA_DIR}. Say where with ROLLCALL_DATA_DIR.")
        os.kill(pid, REPLACE_SIGNAL)
        self.stdout.write("The web processes are replaced one after the other. Rollcall says when that is done.")
