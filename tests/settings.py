"""The product's own settings on a throw-away data folder; a Valkey of the test session's own (see conftest)."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from tests import services

_folder = Path(tempfile.mkdtemp(prefix="rollcall-tests-"))
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
os.environ["ROLLCALL_DATA_DIR"] = str(_folder)
os.environ["ROLLCALL_MEDIA_DIR"] = os.environ["ROLLCALL_UPLOAD_DIR"] = ""
os.environ["ROLLCALL_STATIC_DIR"] = str(_folder / "static")
(_folder / "static").mkdir()
os.environ["ROLLCALL_SECRET_KEY"] = "only-for-tests"
os.environ["ROLLCALL_HOSTS"] = "testserver,localhost"
os.environ["ROLLCALL_DEBUG"] = "no"
on_services = services.ON in os.environ
os.environ["REDIS_URL"] = services.new_redis_url() if on_services else f"unix://{_folder}/valkey.sock?db=0"

from webapp.settings import *  # noqa: E402, F403
from webapp.settings import DATABASES, STORAGES  # noqa: E402

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, because consumers and views of one test use several threads.
    DATABASES["default"]["TEST"] = {"NAME": str(_folder / "tests.sqlite3")}
    # Nothing here has to outlive a power cut.
    DATABASES["default"]["OPTIONS"]["init_command"] = (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA busy_timeout=30000;"
    )
elif on_services:
    DATABASES["default"]["TEST"] = {"TEMPLATE": services.MIGRATED}
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast; nothing secret here
