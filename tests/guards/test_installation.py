"""What is written down about the installation agrees with the code: variables, processes, pinned packages."""

import ast
import json
import re
import subprocess
from pathlib import Path

import pytest

from tests import services
from webapp.jobs import queues
from webapp.supervisor.up import WORKERS

PROJECT = Path(__file__).parents[2]
OWN_VARIABLE = re.compile(r"\b(?:ROLLCALL_[A-Z_]+[A-Z]|DATABASE_URL|REDIS_URL)\b")
IN_COMPOSE = re.compile(r"(?<!\$)\$\{(\w+)")
"""A variable that Compose puts in; `$$` is for a shell in a container."""


def read(path: str) -> str:
    return (PROJECT / path).read_text()


def documented() -> dict[str, str]:
    lines = [line for line in read(".env.example").splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def variables_in_code() -> set[str]:
    found: set[str] = set()
    for path in [*(PROJECT / "webapp").rglob("*.py"), *(PROJECT / "analysis").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and OWN_VARIABLE.fullmatch(node.value):
                found.add(node.value)
    return found | set(OWN_VARIABLE.findall(read("scripts/setup.sh") + read("scripts/run")))


def test_every_variable_is_documented_and_every_documented_one_is_read() -> None:
    assert set(documented()) == variables_in_code() | set(IN_COMPOSE.findall(read("docker-compose.yml")))


def test_the_readme_names_every_variable() -> None:
    missing = [name for name in documented() if name not in read("README.md")]
    assert not missing


def test_the_embedded_workers_serve_every_queue() -> None:
    served = [queue for served in WORKERS.values() for queue in served]
    assert sorted(served) == sorted(queues.ALL)


def test_requirements_are_pinned() -> None:
    for line in read("requirements.txt").splitlines():
        assert not line or line.startswith("#") or re.match(r"[\w\[\],-]+(==|>=[\d.]+,<)", line), line
    front_end = json.loads(read("package.json"))
    versions = [*front_end["dependencies"].values(), *front_end["devDependencies"].values()]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions)


def test_only_the_tests_install_the_tools_for_scripts_and_styles() -> None:
    assert "install_front_end node_modules/.installed --omit=dev\n" in read("scripts/run")
    assert "install_front_end node_modules/.installed-with-tests\n" in read("scripts/test")


def test_the_front_end_lock_pins_checksums_but_no_registry() -> None:
    packages = json.loads(read("package-lock.json"))["packages"]
    for name, package in packages.items():
        assert "resolved" not in package, name
        assert not name or package["integrity"].startswith("sha512-"), name


@pytest.mark.parametrize("script", ["scripts/run", "scripts/test", "scripts/setup.sh", ".ci/run"])
def test_scripts_are_valid_bash(script: str) -> None:
    subprocess.run(["bash", "-n", PROJECT / script], check=True)


def test_ci_runs_the_one_test_command() -> None:
    assert "exec ./scripts/test" in read(".ci/run")


def test_services_that_are_missing_are_named_with_their_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(services, "DEBIAN", tmp_path)
    assert services.main([]) == 1
    assert "apt install postgresql" in capsys.readouterr().err


def test_a_list_is_installed_again_only_when_it_has_changed(tmp_path: Path) -> None:
    stamp = tmp_path / "stamp"
    stamp.write_text("1\n")
    script = f'. scripts/setup.sh; unchanged "{stamp}" 1 && ! unchanged "{stamp}" 2 && ! unchanged /nowhere 1'
    subprocess.run(["bash", "-c", script], cwd=PROJECT, check=True)
