"""The media store: keys that stay inside, whole files or none, and streams."""

from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation

from webapp import storage


def test_a_link_inside_the_store_does_not_lead_out(tmp_path: Path) -> None:
    settings.MEDIA_ROOT.mkdir(parents=True)
    (settings.MEDIA_ROOT / "link").symlink_to(tmp_path)
    with pytest.raises(SuspiciousFileOperation):
        storage.put_bytes("link/x", b"x")


def test_a_folder_whose_name_begins_like_the_stores_is_outside() -> None:
    with pytest.raises(SuspiciousFileOperation):
        storage.read_bytes(f"../{settings.MEDIA_ROOT.name}-other/x")


def test_a_file_from_another_disk_is_copied_whole_and_then_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"film")
    real = Path.replace

    def across_disks(self: Path, target: Path) -> Path:
        if self == source:
            raise OSError(18, "Invalid cross-device link")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", across_disks)
    storage.put_file("a/film", source)
    assert storage.read_bytes("a/film") == b"film"
    assert not source.exists()
    assert [path.name for path in (settings.MEDIA_ROOT / "a").iterdir()] == ["film"]


def test_deleting_removes_empty_folders_and_forgives_what_is_gone() -> None:
    storage.put_bytes("a/b/c", b"x")
    storage.put_bytes("a/d", b"x")
    storage.delete("a/b/c")
    storage.delete("a/b/c")
    storage.delete_prefix("nothing/here")
    assert sorted(path.name for path in (settings.MEDIA_ROOT / "a").iterdir()) == ["d"]
    storage.delete_prefix("a")
    assert not storage.exists("a/d")


def test_scratch_is_gone_afterwards_and_on_the_stores_disk() -> None:
    with storage.scratch_dir() as folder:
        (folder / "x").write_text("x")
        assert folder.stat().st_dev == settings.DATA_DIR.stat().st_dev
    assert not folder.exists()


def test_what_a_killed_process_left_is_told_by_whose_it_was() -> None:
    with storage.scratch_of("mine"):
        with storage.scratch_dir() as folder:
            assert storage.scratch_owners() == ["mine"]
            (folder / "half").write_text("x")
        assert not folder.exists()
        left = storage.scratch_root() / "of-mine" / "left"
        left.mkdir()
    assert storage.scratch_owners() == ["mine"], "not empty: somebody was killed here"
    storage.clear_scratch_of("mine")
    assert not left.exists() and storage.scratch_owners() == []
