"""The API: lists, ETags, repeated requests, problems, its description and its page."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.conftest import signed_in
from tests.factories import make_token, make_user
from tests.factories_videos import found_track, make_analysed_video, make_video, people_of
from tests.webapp.responses import Response
from webapp.accounts.models import Role, Team, TokenScope, User
from webapp.api import views
from webapp.api.page_context import in_html, type_in_words
from webapp.http.problem_formats import PROBLEM_TYPE
from webapp.jobs.models import Job
from webapp.people.models import Person
from webapp.videos.models import Video

pytestmark = pytest.mark.django_db
commits = pytest.mark.django_db(transaction=True)
"""What groups people works when a transaction ends."""
SECRET = "rct_" + "a9" * 24
V1 = "/api/v1/"


class ApiProgram:
    """Asks as programs do: with a token, without cookies, and as strictly as a server is asked."""

    def __init__(self, secret: str = SECRET) -> None:
        headers = {"Authorization": f"Bearer {secret}"}
        self.client = Client(enforce_csrf_checks=True, headers=headers, raise_request_exception=False)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Response:
        sent = "" if body is None else json.dumps(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.generic(method, V1 + path, sent, content_type="application/json", headers=named)

    def read(self, path: str) -> Any:
        response = self.ask("GET", path)
        assert response.status_code == 200, response.content
        return response.json()


@pytest.fixture
def program(team: Team, bob: User) -> ApiProgram:
    make_token(bob, team, SECRET)
    return ApiProgram()


def problem_of(response: Response, status: int) -> dict[str, Any]:
    assert (response.status_code, response.headers["Content-Type"]) == (status, PROBLEM_TYPE), response.content
    said: dict[str, Any] = response.json()
    assert said["status"] == status and said["detail"]
    return said


def test_a_list_is_read_part_by_part_while_it_grows_and_shrinks(team: Team, program: ApiProgram) -> None:
    videos = [make_video(team=team, title=f"clip {number}") for number in range(5)]
    same = timezone.now()
    Video.objects.filter(pk__in=[videos[1].pk, videos[2].pk]).update(created_at=same)
    Video.objects.filter(pk=videos[4].pk).update(created_at=same + timedelta(hours=1))
    wanted = [str(key) for key in Video.objects.order_by("-created_at", "pk").values_list("pk", flat=True)]
    first = program.read("videos?limit=2")
    make_video(team=team, title="came meanwhile")
    Video.objects.filter(pk=wanted[0]).update(deleted_at=timezone.now())
    found, cursor = [each["id"] for each in first["items"]], first["next_cursor"]
    while cursor:
        part = program.read(f"videos?limit=2&cursor={cursor}")
        found += [each["id"] for each in part["items"]]
        cursor = part["next_cursor"]
    assert len(set(found)) == len(found)
    assert [key for key in found if key in wanted] == wanted


@pytest.mark.parametrize("cursor", ["x", "x" * 400, "WzFd:1t:x"])
def test_a_cursor_that_is_none_is_refused(cursor: str, program: ApiProgram) -> None:
    problem_of(program.ask("GET", f"videos?cursor={cursor}"), 400)


def test_a_cursor_of_another_list_is_refused(team: Team, program: ApiProgram) -> None:
    make_analysed_video(team=team)
    make_video(team=team)
    cursor = program.read("videos?limit=1")["next_cursor"]
    problem_of(program.ask("GET", f"people?cursor={cursor}"), 400)


@commits
def test_appearances_of_a_video_and_of_a_person_agree_with_its_page(team: Team, program: ApiProgram) -> None:
    video = make_analysed_video(found_track(1), found_track(2), found_track(1, start_s=9, end_s=11), team=team)
    person = people_of(video)[0]
    of_video = [each for each in _all(program, f"videos/{video.pk}/appearances") if each["person_id"] == str(person.pk)]
    (of_person,) = _all(program, f"people/{person.pk}/appearances")
    spans = [{"start_s": each["start_s"], "end_s": each["end_s"]} for each in of_video]
    assert of_person == {"video_id": str(video.pk), "title": video.title, "spans": spans}
    assert program.read(f"people/{person.pk}")["appearances"] == len(spans) > 0
    assert [each["id"] for each in _all(program, f"videos?person={person.pk}")] == [str(video.pk)]
    Team.objects.update(export_role=Role.ADMIN)
    problem_of(program.ask("GET", f"videos/{video.pk}/appearances"), 404)


def _all(program: ApiProgram, path: str) -> list[Any]:
    found: list[Any] = []
    mark, cursor = "&" if "?" in path else "?", ""
    while cursor is not None:
        part = program.read(f"{path}{mark}limit=1" + (f"&cursor={cursor}" if cursor else ""))
        found, cursor = found + part["items"], part["next_cursor"]
    return found


def test_what_one_has_is_not_sent_again_and_what_changed_is_not_overwritten(team: Team, program: ApiProgram) -> None:
    path = f"videos/{make_video(team=team, title='First').pk}"
    etag = program.ask("GET", path).headers["ETag"]
    known = program.ask("GET", path, If_None_Match=f'"other", {etag}')
    assert (known.status_code, known.content, known.headers["ETag"]) == (304, b"", etag)
    changed = program.ask("PATCH", path, {"title": "Second"}, If_Match=etag)
    assert changed.json()["title"] == "Second"
    for method, body in (("PATCH", {"title": "Third"}), ("DELETE", None)):
        problem_of(program.ask(method, path, body, If_Match=etag), 412)
    assert program.ask("GET", path, If_None_Match=etag).json()["title"] == "Second"
    assert program.ask("DELETE", path, If_Match=program.ask("GET", path).headers["ETag"]).status_code == 204
    problem_of(program.ask("GET", path), 404)


def test_a_post_that_is_repeated_starts_one_analysis(team: Team, program: ApiProgram) -> None:
    path = f"videos/{make_video(team=team).pk}/analyses"
    before = Job.objects.count()
    answers = [program.ask("POST", path, {"thoroughness": "fast"}, Idempotency_Key="one") for _ in range(2)]
    assert [each.status_code for each in answers] == [202, 202]
    assert answers[0].content == answers[1].content
    assert Job.objects.count() == before + 1
    problem_of(program.ask("POST", path, {"thoroughness": "thorough"}, Idempotency_Key="one"), 422)
    problem_of(program.ask("POST", path, {}, Idempotency_Key="two"), 409)
    assert Job.objects.count() == before + 1


@commits
def test_people_are_named_once_and_merged_unless_something_speaks_against_it(team: Team, program: ApiProgram) -> None:
    video = make_analysed_video(found_track(1), found_track(2, box=(90, 10, 140, 60)), team=team)
    first, second = people_of(video)
    assert program.ask("PATCH", f"people/{first.pk}", {"name": " Anna  "}).json()["label"] == "Anna"
    taken = problem_of(program.ask("PATCH", f"people/{second.pk}", {"name": "anna"}), 409)
    assert taken["person_id"] == str(first.pk)
    problem_of(program.ask("POST", f"people/{first.pk}/merge", {"people": [str(second.pk)]}), 409)
    merged = program.ask("POST", f"people/{first.pk}/merge", {"people": [str(second.pk)], "sure": True})
    assert merged.json()["name"] == "Anna"
    problem_of(program.ask("GET", f"people/{second.pk}"), 404)
    assert Person.objects.get(pk=second.pk).merged_into_id == first.pk


def test_every_error_is_a_problem(team: Team, program: ApiProgram, settings: Any) -> None:
    make_token(make_user(team=team, role=Role.ADMIN), team, "rct_" + "b0" * 24, scope=TokenScope.READ)
    reader, path = ApiProgram("rct_" + "b0" * 24), f"videos/{make_video(team=team).pk}"
    problem_of(reader.ask("GET", "nothing"), 404)
    narrow = reader.ask("PATCH", path, {"title": "x"})
    assert problem_of(narrow, 403) and 'scope="write"' in narrow.headers["WWW-Authenticate"]
    assert problem_of(program.ask("PUT", path), 405)
    assert set(program.ask("PUT", path).headers["Allow"].split(", ")) == {"GET", "PATCH", "DELETE"}
    wrong = problem_of(program.ask("PATCH", path, {"title": 5, "more": 1}), 422)
    assert {each["at"] for each in wrong["errors"]} == {"body.body.title", "body.body.more"}
    problem_of(program.ask("PATCH", path, {"title": "\u200e"}), 422)
    problem_of(program.client.patch(V1 + path, "{", content_type="application/json"), 400)
    unknown = ApiProgram("rct_other").ask("GET", "videos")
    assert problem_of(unknown, 401) and unknown.headers["WWW-Authenticate"]
    assert Client().get(V1 + "videos").headers["WWW-Authenticate"] == "Bearer"
    settings.REQUESTS_PER_MINUTE = 1
    answers = [program.ask("GET", "videos") for _ in range(9)]
    assert problem_of(answers[-1], 429) and int(answers[-1].headers["Retry-After"]) > 0


@pytest.mark.expects_errors
def test_an_error_of_ours_is_a_problem_without_its_cause(program: ApiProgram, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret of ours")

    monkeypatch.setattr("webapp.api.token_views.reverse", broken)
    assert "secret" not in str(problem_of(program.ask("GET", "token"), 500))


def test_the_page_shows_every_operation_and_its_fields(team: Team, bob: User) -> None:
    document = Client().get(V1 + "openapi.json").json()
    operations = [each for path in document["paths"].values() for each in path.values()]
    assert document["openapi"].startswith("3.1") and len(operations) >= 13
    assert {each["x-token-scope"] for each in operations} <= set(TokenScope.values)
    page = signed_in(bob).get("/api/").content.decode()
    for path in document["paths"]:
        assert path in page
    assert "next_cursor" not in page or "items.title" in page
    assert "//cdn" not in page and views.api.docs_url is None


def test_descriptions_become_html_without_becoming_a_hole() -> None:
    assert in_html("`a` **b** *c* <i>") == "<code>a</code> <strong>b</strong> <em>c</em> &lt;i&gt;"
    assert type_in_words({"anyOf": [{"type": "string", "format": "uuid"}, {"type": "null"}]}) == "uuid | null"
