"""Every page renders for everybody who may see it, in every state; what templates, styles and scripts must keep to."""

import re
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import reverse

from tests.conftest import signed_in
from tests.factories_videos import (
    begin_analysis,
    found_track,
    make_analysed_video,
    make_ended_job,
    make_upload,
    make_video,
    people_of,
)
from tests.present import present
from tests.webapp.page_checks import faults_of
from tests.webapp.people.review.alike import ask
from webapp.accounts import services
from webapp.accounts.models import Team, User
from webapp.folded_fields import with_folded
from webapp.http.clock import clock, clock_length, duration_words
from webapp.jobs.models import JobKind, Status
from webapp.people.models import Person
from webapp.templatetags import rollcall
from webapp.templatetags.browser_strings import STRINGS
from webapp.videos.models import Playback, Video

ROOT = Path(settings.BASE_DIR)
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SCRIPTS = sorted((ROOT / "static/js").glob("*.js"))
STYLES = sorted((ROOT / "static/css").glob("*.css"))
RIGHT = (300, 10, 360, 70)
HOSTILE = '<script>alert("x")</script> & a very long name 家庭聚会 that goes on and on'

uses_database = pytest.mark.django_db(transaction=True)


def checked(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status, address
    html = response.content.decode()
    assert faults_of(html) == [], address
    assert "<script>alert" not in html
    return html


def make_people_video(team: Team) -> Video:
    tracks = found_track(1), found_track(2, box=RIGHT), found_track(1, start_s=20.0, end_s=20.2)
    video = make_analysed_video(*tracks, team=team, title=HOSTILE, duration_s=90.0)
    Person.objects.filter(pk=people_of(video)[0].pk).update(**with_folded(Person, name=HOSTILE[:120]))
    return video


def make_unfinished(team: Team, user: User) -> list[Video]:
    """A video in each state before or instead of done."""
    videos = [make_upload(user, team=team).video]
    jobs: list[tuple[str, dict[str, Any]]] = [
        (JobKind.CHECK, {"status": Status.RUNNING, "finished_at": None}),
        (JobKind.ANALYSIS, {"status": Status.QUEUED, "started_at": None, "finished_at": None}),
        (JobKind.ANALYSIS, {"status": Status.RUNNING, "finished_at": None, "done": 3, "total": 10}),
        (JobKind.CHECK, {"status": Status.FAILED, "error_code": "unreadable_video"}),
        (JobKind.ANALYSIS, {"status": Status.CANCELLED}),
    ]
    for kind, fields in jobs:
        video = make_video(team=team, playback=Playback.PENDING)
        video.current_job = make_ended_job(video, kind=kind, **fields)
        video.save()
        videos.append(video)
    return videos


@uses_database
@pytest.mark.parametrize("name", ["alice", "bob", "vera"])
def test_every_page_renders_for_a_member(name: str, team: Team, request: pytest.FixtureRequest, bob: User) -> None:
    user = request.getfixturevalue(name)
    client = signed_in(user)
    done, nobody = make_people_video(team), make_analysed_video(team=team)
    person = people_of(done)[1]
    videos = [done, nobody, *make_unfinished(team, bob)]
    for video in videos:
        for page in ("detail", "panel"):
            checked(client, reverse(f"videos:{page}", args=[video.pk]))
    checked(client, reverse("videos:changes") + f"?card={done.pk}&card={nobody.pk}")
    for query in (
        f"?t=3.5&person={person.pk}",
        "?tab=timeline&min=5",
        "?tab=details",
        "?tab=nonsense&min=x&t=y&person=z",
    ):
        checked(client, reverse("videos:detail", args=[done.pk]) + query)
    for query in ("", "?q=script", "?q=nowhere", "?state=failed", "?sort=title&page=99"):
        checked(client, reverse("videos:library") + query)
    for address in (reverse("videos:upload"), reverse("people:list"), reverse("people:list") + "?q=nobody"):
        checked(client, address)
    for mode in ("?mode=hide", "?mode=merge", "?mode=nonsense&page=x"):
        checked(client, reverse("people:list") + mode)
    for person in people_of(done):
        checked(client, reverse("people:person", args=[person.pk]))
    checked(client, reverse("people:why", args=[present(done.current_analysis).tracks.filter(joined_to=None)[0].pk]))


@uses_database
def test_the_pages_for_changing_people_render(team: Team, bob: User) -> None:
    first, second = people_of(make_people_video(team))
    client = signed_in(bob)
    for page in ("merge_page", "split_page"):
        checked(client, reverse(f"people:{page}", args=[first.pk]))
    preview = checked(client, reverse("people:merge_page", args=[second.pk]) + f"?with={first.pk}")
    assert "Merge anyway" in preview, "both are on screen at once"
    one, other = people_of(make_analysed_video(found_track(7), found_track(8, start_s=20, end_s=22), team=team))
    ask(team, one, other)
    assert "1 question left" in checked(client, reverse("people:review"))


@uses_database
def test_empty_places_teach(alice: User, charlie: User) -> None:
    for user in (alice, charlie):
        assert reverse("videos:sample") in checked(signed_in(user), reverse("videos:library"))
        checked(signed_in(user), reverse("people:list"))
        checked(signed_in(user), reverse("videos:upload"))


@uses_database
def test_a_viewer_is_offered_nothing_that_changes_things(team: Team, vera: User, bob: User) -> None:
    video = make_people_video(team)
    own = {reverse("accounts:logout"), reverse("videos:favourite", args=[video.pk])}
    for address in (reverse("videos:library"), reverse("videos:detail", args=[video.pk]), reverse("people:list")):
        offered = re.findall(r'<form[^>]*method="post"[^>]*action="([^"]*)"', checked(signed_in(vera), address))
        assert set(offered) <= own, "a star is the viewer's own"
    assert 'type="file"' not in checked(signed_in(vera), reverse("videos:upload"))
    assert reverse("videos:delete", args=[video.pk]) in checked(
        signed_in(bob), reverse("videos:detail", args=[video.pk])
    )


@uses_database
def test_an_old_result_stays_while_it_is_analysed_again(team: Team, vera: User) -> None:
    video = make_people_video(team)
    begin_analysis(video)
    html = checked(signed_in(vera), reverse("videos:detail", args=[video.pk]))
    assert "earlier results" in html
    assert html.count('class="person-row') == 2


@uses_database
def test_brief_people_are_hidden_but_said(team: Team, vera: User) -> None:
    tracks = found_track(1, end_s=20.0), found_track(2, start_s=3.0, end_s=3.4, box=RIGHT)
    video = make_analysed_video(*tracks, team=team, duration_s=90.0)
    address = reverse("videos:panel", args=[video.pk])
    html = checked(signed_in(vera), address)
    assert "less than 2 s is hidden" in html
    assert len(re.findall(r'<li class="person-row[^>]* hidden>', html)) == 1
    assert not re.findall(r'<li class="person-row[^>]* hidden>', checked(signed_in(vera), address + "?min=0"))


@uses_database
def test_the_question_whether_two_are_the_same(team: Team, bob: User) -> None:
    first, second = people_of(make_people_video(team))
    client = signed_in(bob)
    fields, address = {"name": first.name}, reverse("people:name", args=[second.pk])
    page = client.post(address, fields)
    fragment = client.post(address, fields, headers={"accept": "application/json"})
    assert (page.status_code, fragment.status_code) == (409, 409)
    assert faults_of(page.content.decode()) == faults_of(fragment.content.decode()) == []
    assert "<html" in page.content.decode() and "<html" not in fragment.content.decode()


@uses_database
def test_pages_before_signing_in(db: None) -> None:
    checked(Client(), reverse("accounts:login"))
    wrong = Client().post(reverse("accounts:login"), {"username": "x@example.org", "password": "wrong"})
    assert faults_of(wrong.content.decode()) == []
    checked(Client(), reverse("accounts:first_owner", args=["nonsense"]), 410)


@uses_database
def test_the_page_of_the_first_owner() -> None:
    link = reverse("accounts:first_owner", args=[services.new_first_owner_token()])
    checked(Client(), link)
    refused = Client().post(link, {"email": "nobody"})
    assert faults_of(refused.content.decode()) == []
    assert "errorlist" in refused.content.decode()


@uses_database
def test_a_page_that_is_not_there(alice: User) -> None:
    checked(signed_in(alice), "/nothing/here/", 404)


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "413", "500"])
def test_error_pages_need_no_context(name: str) -> None:
    """Django renders 400 and 500 without context processors."""
    html = render_to_string(f"{name}.html")
    assert "<h1>" in html
    if name == "500":
        assert faults_of(html) == []


@uses_database
def test_toasts_carry_undo_as_a_form(team: Team, bob: User) -> None:
    video = make_video(team=team)
    client = signed_in(bob)
    client.post(reverse("videos:rename", args=[video.pk]), {"title": "New"})
    html = checked(client, reverse("videos:library"))
    note = html[html.index("toast-note") :]
    assert f'action="{reverse("videos:rename", args=[video.pk])}"' in note
    assert f'name="title" value="{video.title}"' in note


# What the sources must keep to


def test_a_page_has_every_module_in_its_import_map(rf: RequestFactory) -> None:
    names = set(rollcall._module_paths())
    # Types in comments name modules too, some of which no page loads.
    sources = [re.sub(r"/\*\*.*?\*/", "", path.read_text(), flags=re.DOTALL) for path in SCRIPTS]
    wanted = {name for source in sources for name in re.findall(r'(?:from|import) "([^"]+)"', source)}
    wanted |= set(re.findall(r'import\("([^"]+)"\)', "".join(sources)))
    assert wanted <= names
    assert {f"rollcall/{path.stem}" for path in SCRIPTS} - {f"rollcall/{name}" for name in rollcall.CLASSIC} <= names


def found_in(paths: Sequence[Path], look: Callable[[str], Collection[str]]) -> dict[str, Collection[str]]:
    """What a look at each file finds, by its path; one test for all, as each test costs more than a look."""
    assert len(paths) > 20
    return {str(path.relative_to(ROOT)): found for path in paths if (found := look(path.read_text()))}


def test_scripts_put_text_in_as_text() -> None:
    as_code = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function")
    assert found_in(SCRIPTS, as_code.findall) == {}


def test_everything_that_scripts_say_can_be_translated() -> None:
    source = "".join(path.read_text() for path in SCRIPTS)
    said = set(re.findall(r'say\((?:\w+ === 1 \? )?"([\w.]+)"', source)) | set(
        re.findall(r'[:?] "([a-z]+\.[a-z_]+)"', source)
    )
    stems = set(re.findall(r"say\(`([\w.]+)\$\{", source))
    assert said <= set(STRINGS)
    unused = {key for key in STRINGS if key not in said and not any(key.startswith(stem) for stem in stems)}
    assert unused == set()
    for key in ("queued", "starting", "retrying", "paused", "cancelled"):
        assert f"upload.{key}" in STRINGS


LITERAL_WORDS = {"Rollcall", "MP4", "hidden", *"KJLPNMBFATSXUEO", "aria", "0:00", "1×"}


def test_words_in_templates_are_marked_for_translation() -> None:
    assert found_in(TEMPLATES, unmarked_words) == {}


def unmarked_words(source: str) -> set[str]:
    source = re.sub(r"\{% blocktranslate.*?\{% endblocktranslate %\}", "", source, flags=re.DOTALL)
    attributes = set(re.findall(r'(?:aria-label|title|placeholder|alt)="([^"]*)"', source))
    attributes = {each for each in attributes if re.search(r"[A-Za-z]", re.sub(r"\{[%{].*?[%}]\}", "", each))}
    source = re.sub(r"\{% block at_\w+ %\}.*?\{% endblock %\}", "", source)
    text = re.sub(r"\{[%{#].*?[%}#]\}", " ", source, flags=re.DOTALL)
    text = re.sub(r"<[^>]*>", " ", re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL))
    return attributes | (set(re.findall(r"[A-Za-z][\w'’]*", text)) - LITERAL_WORDS)


def test_templates_have_no_inline_code_or_style() -> None:
    """The content security policy would block it silently."""
    inline = re.compile(r"\s(?:on[a-z]+|style)\s*=|<style|javascript:|<script(?![^>]*(?:src=|nonce=))")
    assert found_in(TEMPLATES, inline.findall) == {}


def test_files_stay_short() -> None:
    assert found_in([*SCRIPTS, *STYLES, *TEMPLATES], lambda text: text.splitlines()[400:]) == {}


def test_every_style_sheet_is_imported_and_uses_the_tokens() -> None:
    imported = set(re.findall(r'@import url\("([\w-]+\.css)"\)', (ROOT / "static/css/app.css").read_text()))
    assert imported == {path.name for path in STYLES} - {"app.css"}


# Colours


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    channels = [int(digits[n : n + 2], 16) / 255 for n in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


TOKENS = (ROOT / "static/css/tokens.css").read_text()
COLOURS = {
    name: (light, dark)
    for name, light, dark in re.findall(r"(--[\w-]+|hue-\d+)(?: \{\s+--hue)?: light-dark\((#\w+), (#\w+)\)", TOKENS)
}


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_can_be_read(theme: int) -> None:
    grounds = ["--bg", "--surface", "--raised"]
    pairs = [(ink, ground) for ink in ("--ink", "--muted", "--accent", "--warn", "--bad") for ground in grounds]
    pairs += [
        ("--accent-ink", "--accent"),
        ("--warn", "--warn-soft"),
        ("--bad", "--bad-soft"),
        ("--muted", "--accent-soft"),
    ]
    assert {
        pair: ratio for pair in pairs if (ratio := contrast(COLOURS[pair[0]][theme], COLOURS[pair[1]][theme])) < 4.5
    } == {}


def test_there_are_twelve_people_colours_of_equal_weight() -> None:
    hues = [COLOURS[f"hue-{n}"] for n in range(12)]
    assert len(set(hues)) == 12
    for theme in (0, 1):
        against = [contrast(hue[theme], COLOURS["--surface"][theme]) for hue in hues]
        assert min(against) >= 4.5
        assert max(against) / min(against) < 1.25


# Small words


@pytest.mark.parametrize(
    ("seconds", "shown"), [(None, "0:00"), (0.9, "0:00"), (48, "0:48"), (760.2, "12:40"), (3734, "1:02:14")]
)
def test_positions(seconds: float | None, shown: str) -> None:
    assert clock(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.3, "under 1 s"),
        (4.899, "5 s"),
        (2.5, "3 s"),
        (59.6, "1 min"),
        (68, "1 min 8 s"),
        (3599.4, "59 min 59 s"),
        (3599.6, "1 h"),
        (22325, "6 h 12 min"),
    ],
)
def test_lengths_in_words(seconds: float, words: str) -> None:
    assert duration_words(seconds) == words


@pytest.mark.parametrize(("seconds", "shown"), [(0, "0:00"), (0.2, "0:01"), (4.899, "0:05"), (759.6, "12:40")])
def test_lengths_of_a_whole_round_as_those_in_words(seconds: float, shown: str) -> None:
    assert clock_length(seconds) == shown


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 B"), (1023, "1023 B"), (831_488, "812 KB"), (1_503_238_553, "1.4 GB"), (20 * 2**30, "20 GB")],
)
def test_sizes(count: int, words: str) -> None:
    assert rollcall.size(count) == words


@pytest.mark.parametrize(("share", "words"), [(0, "0 %"), (0.2, "under 1 %"), (38.6, "39 %"), (100, "100 %")])
def test_shares(share: float, words: str) -> None:
    assert rollcall.percent(share) == words
