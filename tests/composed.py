"""Starts what docker-compose.yml describes as processes on loopback: its commands, its variables, its checks of health.

Only places are others: hosts and ports become those of this machine, volumes become folders. As root, each process has
the file system read-only but for its own mounts, and no capabilities, as in its container. Images, users, networks
and limits are not tried here.
"""

from __future__ import annotations

import os
import re
import secrets
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import yaml

from tests import services
from tests.product import PROJECT, free_port
from tests.waiting import wait_for
from webapp.die_with_parent import die_with_parent

VARIABLE = re.compile(r"\$\$|\$\{(\w+)(?::([-?])([^}]*))?\}")
OWN_IMAGE = "rollcall"
COLLECT = (sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity", "0")
"""As the image has it done."""
HEALTHY_WITHIN_S = 120


@dataclass
class Composed:
    """The services without a profile, each with its variables as Compose would make them."""

    folder: Path
    variables: dict[str, str]
    """What stands in `.env`."""
    services: dict[str, Any] = field(init=False)
    ports: dict[str, int] = field(init=False)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        text = (PROJECT / "docker-compose.yml").read_text()
        written = self._with_variables(yaml.safe_load(text)["services"])
        self.services = {name: service for name, service in written.items() if "profiles" not in service}
        self.ports = {name: free_port() for name in ("postgres", "redis", "web", "proxy", "proxy_tls", "proxy_health")}
        self._make_folders()

    def _with_variables(self, value: Any) -> Any:
        """Puts variables in, as Compose does. Raises AssertionError for a required one that is missing."""
        if isinstance(value, dict):
            return {key: self._with_variables(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self._with_variables(each) for each in value]
        return VARIABLE.sub(self._variable, value) if isinstance(value, str) else value

    def _variable(self, found: re.Match[str]) -> str:
        if found[0] == "$$":
            return "$"
        value = self.variables.get(found[1], "")
        assert value or found[2] != "?", f"{found[1]} {found[3]}"
        return value or (found[3] if found[2] == "-" else "")

    def _make_folders(self) -> None:
        """Those of the mounts, and one with the programs as they are called in their images."""
        config = self.folder / "Caddyfile"
        config.write_text(self.here("proxy", (PROJECT / "Caddyfile").read_text()))
        for place in {place for name in self.services for place in self._mounts(name).values()} - {config}:
            place.mkdir()
        (self.folder / "bin").mkdir()
        named = {"valkey-server": "redis-server", "valkey-cli": "redis-cli"}
        for name, debian in {**named, "pg_isready": "pg_isready", "caddy": "caddy"}.items():
            (self.folder / "bin" / name).symlink_to(services.program(debian))

    def here(self, name: str, text: str) -> str:
        """Returns a text of a service with the places of this machine."""
        ports = self.ports
        places = {
            "postgres:5432": f"127.0.0.1:{ports['postgres']}",
            "redis:6379": f"127.0.0.1:{ports['redis']}",
            "0.0.0.0:8000": f"127.0.0.1:{ports['web']}",
            "127.0.0.1:8000": f"127.0.0.1:{ports['web']}",
            "web 8000": f"127.0.0.1 {ports['web']}",
            ":8080": f":{ports['proxy']}",
            "http_port 8080": f"http_port {ports['proxy']}",
            "https_port 8443": f"https_port {ports['proxy_tls']}",
            ":8081": f":{ports['proxy_health']}",
            "requirepass": f"bind 127.0.0.1\nport {ports['redis']}\nrequirepass",
            "valkey-cli": f"valkey-cli -p {ports['redis']}",
            "172.31.250.0/24": "127.0.0.1",
            "/app/weights": str(PROJECT / "weights"),
            "/app/staticfiles": str(self.folder / "static"),
        }
        places |= {inside: str(place) for inside, place in self._mounts(name).items()}
        longest_first = map(re.escape, sorted(places, key=len, reverse=True))
        return re.sub(rf"(?:{'|'.join(longest_first)})(?![\w.])", lambda found: places[found[0]], text)

    def _mounts(self, name: str) -> dict[str, Path]:
        """Of each path in a service's container that is no part of its image, what stands for it."""
        service = self.services[name]
        volumes = [mount.split(":") for mount in service.get("volumes", [])]
        scratch = [mount.split(":")[0] for mount in service.get("tmpfs", [])]
        shared = {inside: self.folder / Path(source).name for source, inside, *_mode in volumes}
        return shared | {inside: self.folder / f"{name}{inside.replace('/', '-')}" for inside in scratch}

    def environment(self, name: str) -> dict[str, str]:
        """Of a service: its image's, that of `.env`, its own; nothing of this process."""
        service = self.services[name]
        made = {"PATH": os.pathsep.join([str(Path(sys.executable).parent), str(self.folder / "bin"), os.defpath])}
        if service["image"] == OWN_IMAGE:
            made |= {"PYTHONUNBUFFERED": "1", **env_example(), **self.variables}
        else:
            made |= {"HOME": str(self.folder)}  # of the image's own user
        return made | {key: self.here(name, value) for key, value in service.get("environment", {}).items()}

    def start(self, name: str) -> None:
        command = self.services[name]["command"]
        words = shlex.split(command) if isinstance(command, str) else command
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                [*self._confined(name), *(self.here(name, word) for word in words)],
                cwd=PROJECT,
                env=self.environment(name),
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent,
                start_new_session=True,
            )

    def _confined(self, name: str) -> list[str]:
        """What a command is preceded by to be as little allowed as in its container."""
        if not can_confine():
            return []
        mounts = [shlex.quote(str(place)) for place in self._mounts(name).values()]
        steps = [*(f"mount --bind {place} {place}" for place in mounts), "mount -o remount,bind,ro /", 'exec "$@"']
        kept = "".join(f",+{capability.lower()}" for capability in self.services[name].get("cap_add", []))
        without = ["setpriv", "--no-new-privs", "--inh-caps=-all", f"--bounding-set=-all{kept}"]
        return ["unshare", "--mount", "sh", "-c", " && ".join(steps), "--", *without]

    def run(self, name: str, *command: str) -> str:
        """Runs a command with a service's variables, as `docker compose run` does; returns what it prints."""
        words = [*self._confined(name), *(command or shlex.split(self.services[name]["command"]))]
        environment = self.environment(name)
        done = subprocess.run(words, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def is_healthy(self, name: str) -> bool:
        """Runs the service's own check."""
        kind, *words = self.services[name]["healthcheck"]["test"]
        words = [*(["sh", "-c"] if kind == "CMD-SHELL" else []), *(self.here(name, word) for word in words)]
        environment = {**self.environment(name), "PGPORT": str(self.ports["postgres"])}
        return subprocess.run(words, env=environment, capture_output=True, check=False).returncode == 0

    def wait_until_healthy(self, name: str) -> None:
        def look() -> bool:
            process = self.processes.get(name)
            assert process is None or process.poll() is None, f"{name} ended: {self.log(name)}"
            return self.is_healthy(name)

        wait_for(look, within_s=HEALTHY_WITHIN_S, what=f"{name} is healthy")

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()[-3000:]

    def stop(self) -> None:
        """As Compose does: with each service's own signal, those that need others first."""
        last = {"redis"}
        for names in (self.processes.keys() - last, self.processes.keys() & last):
            for name in names:
                self.processes[name].send_signal(signal.Signals[self.services[name].get("stop_signal", "SIGTERM")])
            for name in names:
                self.processes[name].wait(60)


@cache
def can_confine() -> bool:
    """Whether this process may give others a file system of their own, and take capabilities away."""
    return os.getuid() == 0 and subprocess.run(["unshare", "--mount", "true"], check=False).returncode == 0


@contextmanager
def composed(folder: Path, kind: type[Composed] = Composed, **variables: str) -> Iterator[Composed]:
    """Starts all services in their order and yields them once they are healthy; `variables` stand in `.env`, too."""
    secret = {name: secrets.token_hex(24) for name in ("ROLLCALL_SECRET_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD")}
    running = kind(folder, {**secret, "ROLLCALL_HOSTS": "127.0.0.1", **variables})
    database = running.environment("postgres")
    with services.postgres(database["POSTGRES_PASSWORD"]) as server:
        running.ports["postgres"] = urlsplit(server).port or 0
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {database['POSTGRES_DB']} OWNER {database['POSTGRES_USER']}")
        try:
            running.wait_until_healthy("postgres")
            running.start("redis")
            running.wait_until_healthy("redis")
            subprocess.run(COLLECT, cwd=PROJECT, env=running.environment("web"), check=True)
            running.run("migrate")
            others = running.services.keys() - {"postgres", "redis", "migrate"}
            for name in others:
                running.start(name)
            for name in others:
                running.wait_until_healthy(name)
            yield running
        finally:
            running.stop()


def env_example() -> dict[str, str]:
    lines = (PROJECT / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
