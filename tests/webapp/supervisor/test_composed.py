"""The processes of docker-compose.yml, with its variables, find the people of a video that comes through the proxy."""

import os
from pathlib import Path

import pytest

from benchmarks.visitor import Visitor
from tests import services
from tests.composed import composed
from tests.waiting import wait_for

pytestmark = [
    pytest.mark.skipif(services.ON not in os.environ, reason="./scripts/test --services tries these processes"),
    pytest.mark.skipif(services.where("caddy") is None, reason="the proxy is missing: apt install caddy"),
]


def test_people_are_found_in_a_video_that_comes_through_the_proxy(tmp_path: Path, sample_film: Path) -> None:
    with composed(tmp_path) as running:
        visitor = Visitor(running.ports["proxy"])
        visitor.become_owner(running.run("web", "python", "manage.py", "owner_link").strip())
        film = sample_film.read_bytes()
        address, video = visitor.begin_upload("film.mp4", len(film))
        visitor.send(address, iter([film]))

        def people() -> bool:
            visitor.ask("GET", f"/videos/{video}/")
            return visitor.text.count('class="person-row') == 2

        wait_for(people, within_s=240, what="two people")
        for name, service in running.services.items():
            assert "healthcheck" not in service or running.is_healthy(name), running.log(name)
