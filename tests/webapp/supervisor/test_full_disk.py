"""The real product on a real file system without a free byte."""

import os
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.visitor import Visitor
from tests.migrated import copy_migrated
from tests.product import Product
from tests.waiting import wait_for
from webapp.supervisor.data_folder import DataFolder

SIZE_BYTES = 300 * 1024**2
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}


def fill(disk: Path) -> None:
    """Takes the last byte."""
    with (disk / "ballast").open("ab", buffering=0) as ballast:
        while True:
            try:
                ballast.write(bytes(1024**2))
            except OSError:
                return


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of 300 MB."""
    mounted = tmp_path / "disk"
    mounted.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_BYTES}", "none", str(mounted)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("no file system can be mounted here: that takes the rights of root")
    yield mounted
    subprocess.run(["umount", "--lazy", str(mounted)], check=True)


def test_it_starts_without_a_free_byte_and_refuses_in_words_until_there_is_room(
    disk: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = DataFolder(disk / "data")
    copy_migrated(tmp_path_factory, data.root / "rollcall.sqlite3")
    data.balance_reserves()
    data.secret_key.write_text(secrets.token_urlsafe(48))
    fill(disk)
    product = Product(data.root)
    try:
        product.wait_until_ready()
        visitor = Visitor(product.port)
        visitor.become_owner(product.owner_link)
        visitor.ask("GET", "/videos/")
        assert "Nothing new can be stored" in visitor.text
        for _ in range(3):
            fill(disk)  # also of what the last request gave back
            with pytest.raises(RuntimeError, match=r"507 .*The server is out of disk space"):
                visitor.ask("POST", "/profile/name/", b"name=Olga", **FORM)
            fill(disk)
            visitor.ask("GET", "/videos/")
        (disk / "ballast").unlink()
        wait_for(data.reserve.path.exists, what="the reserve is kept again")
        visitor.ask("GET", "/videos/")
        assert "Nothing new can be stored" not in visitor.text
        assert "Starting it again" not in product.out, product.out
    finally:
        product.stop()
