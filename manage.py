#!/usr/bin/env python
"""Django's command line for Rollcall; `manage.py up` starts the whole product."""

import os
import secrets
import sys


def main() -> None:
    if sys.argv[1:2] == ["up"]:
        from webapp.supervisor.up import main as up

        sys.exit(up(sys.argv[2:]))
    if sys.argv[1:2] == ["restore"] and not os.environ.get("ROLLCALL_SECRET_KEY"):
        os.environ["ROLLCALL_SECRET_KEY"] = secrets.token_urlsafe(48)  # of this process: the backup's is not there yet
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:  # of the environment: words, that is, and no fault of the code
        sys.exit(f"The settings do not fit: {error}")


if __name__ == "__main__":
    main()
