"""docker-compose.yml keeps the rules of a deployment: no secret has a default, and containers can do little."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from webapp.jobs import queues
from webapp.supervisor.up import CHILD_LIMITS

PROJECT = Path(__file__).parents[2]
TEXT = (PROJECT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OWN = {name: service for name, service in SERVICES.items() if service["image"].startswith("rollcall")}
KEYS = {
    *("build", "cap_add", "cap_drop", "command", "depends_on", "deploy", "env_file", "environment", "healthcheck"),
    *("image", "init", "logging", "mem_limit", "networks", "pids_limit", "ports", "profiles", "read_only", "restart"),
    *("security_opt", "shm_size", "stop_grace_period", "stop_signal", "tmpfs", "user", "volumes"),
}
"""Of the Compose specification; Compose refuses a file with others, as with a word that is misspelt."""
ENDS_BY_ITSELF = {"migrate"}
SECRETS = ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "ROLLCALL_SECRET_KEY")
each = pytest.mark.parametrize("name", SERVICES)


def queues_of(name: str) -> list[str]:
    """The queues that a service's command takes work from."""
    words = shlex.split(SERVICES[name]["command"])
    return words[words.index("-Q") + 1].split(",")


def test_the_file_has_the_form_of_a_compose_file() -> None:
    top = {key for key in COMPOSE if not key.startswith("x-")}
    assert top == {"services", "networks", "volumes"}
    for name, service in SERVICES.items():
        assert set(service) <= KEYS, name
        assert set(service["networks"]) <= set(COMPOSE["networks"]), name
        assert set(service.get("depends_on", ())) <= set(SERVICES), name
        mounts = [mount.split(":")[0] for mount in service["volumes"]]
        assert all(mount in COMPOSE["volumes"] or (PROJECT / mount).is_file() for mount in mounts), name


def test_it_runs_the_same_processes() -> None:
    workers = {f"worker-{queue}" for queue in queues.ALL} | {"worker-analysis-gpu", "worker-training-gpu"}
    assert set(SERVICES) == workers | {"proxy", "web", "reaper", "migrate", "postgres", "redis"}


@pytest.mark.parametrize("name", [name for name in SERVICES if name.startswith("worker")])
def test_each_worker_serves_a_queue_and_puts_its_job_back_when_stopped(name: str) -> None:
    [queue] = queues_of(name)
    assert name.removesuffix("-gpu") == f"worker-{queue}"
    command = SERVICES[name]["command"]
    assert command.startswith("celery -A webapp.celery worker -P prefork -c 1 ")
    assert command.endswith(f"-Q {queue} {CHILD_LIMITS.get(queue, '')}".strip())
    assert SERVICES[name]["stop_signal"] == "SIGQUIT"


def test_each_queue_has_a_worker_without_any_profile() -> None:
    always = [name for name, service in SERVICES.items() if name.startswith("worker") and "profiles" not in service]
    assert sorted(queue for name in always for queue in queues_of(name)) == sorted(queues.ALL)


def test_only_workers_with_a_card_are_of_the_profile_gpu() -> None:
    with_card = {name for name, service in SERVICES.items() if "deploy" in service}
    assert with_card == {name for name, service in SERVICES.items() if service.get("profiles") == ["gpu"]}
    assert all(SERVICES[name]["build"]["target"] == "cuda" for name in with_card)


@each
def test_a_container_can_do_little(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service.get("cap_add", []) == (["NET_BIND_SERVICE"] if name == "proxy" else [])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"] and service["pids_limit"]


@each
def test_a_container_says_whether_it_is_healthy(name: str) -> None:
    assert name in ENDS_BY_ITSELF or SERVICES[name]["healthcheck"]["test"]
    assert (SERVICES[name]["restart"] == "no") == (name in ENDS_BY_ITSELF)


@each
def test_whoever_is_needed_is_waited_for_until_it_is_healthy(name: str) -> None:
    for needed, how in SERVICES[name].get("depends_on", {}).items():
        ends = needed in ENDS_BY_ITSELF
        assert how["condition"] == ("service_completed_successfully" if ends else "service_healthy")


@each
def test_versions_are_exact(name: str) -> None:
    image = SERVICES[name]["image"]
    assert name in OWN or re.fullmatch(r"[\w/]+:\d+\.\d+(\.\d+)?-alpine", image)


def test_the_image_begins_with_an_exact_version_and_has_the_targets_that_are_built() -> None:
    stages = re.findall(r"^FROM (\S+) AS (\S+)$", (PROJECT / "Dockerfile").read_text(), re.MULTILINE)
    names = {stage for _image, stage in stages}
    outside = [image for image, _stage in stages if image not in names]
    assert outside and all(re.fullmatch(r"python:\d+\.\d+\.\d+-slim-\w+", image) for image in outside)
    assert {service["build"]["target"] for service in OWN.values()} <= names


def test_only_the_proxy_can_be_reached_and_only_it_and_the_web_server_reach_out() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert COMPOSE["networks"]["back"] == {"internal": True}
    assert {name for name, service in SERVICES.items() if "front" in service["networks"]} == {"proxy", "web"}
    assert "back" not in SERVICES["proxy"]["networks"]
    [subnet] = COMPOSE["networks"]["front"]["ipam"]["config"]
    assert f"${{ROLLCALL_PROXIES:-{subnet['subnet']}}}" == SERVICES["web"]["environment"]["ROLLCALL_PROXIES"]
    assert all(port.startswith("${ROLLCALL_ADDRESS:-127.0.0.1}:") for port in SERVICES["proxy"]["ports"])


@pytest.mark.parametrize("name", SECRETS)
def test_no_secret_has_a_default(name: str) -> None:
    used = re.findall(rf"(?<!\$)\$\{{{name}\b([^}}]*)\}}", TEXT)
    assert used and all(rest.startswith(":?") for rest in used)
    assert f"\n{name}=\n" in (PROJECT / ".env.example").read_text()


def test_database_and_queue_ask_for_their_passwords() -> None:
    assert "requirepass $$REDIS_PASSWORD" in SERVICES["redis"]["command"][-1]
    of_app = OWN["web"]["environment"]
    assert of_app["REDIS_URL"].startswith("redis://:${REDIS_PASSWORD:?")
    assert of_app["DATABASE_URL"].startswith("postgres://rollcall:${POSTGRES_PASSWORD:?")


def test_all_processes_share_one_store_and_database() -> None:
    assert len({json.dumps(service["environment"], sort_keys=True) for service in OWN.values()}) == 1
    assert all(service["volumes"] == ["data:/data"] for service in OWN.values())
