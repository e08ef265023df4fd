"""What viewers are offered: following every link of every page, they meet nothing that they may not use."""

from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import resolve, reverse

from tests.conftest import signed_in
from tests.factories_datasets import make_dataset, make_samples
from tests.factories_recognition import make_recognition
from tests.factories_training import make_predictions, make_run
from tests.factories_videos import found_track, make_analysed_video, make_ended_job, make_video, people_of
from webapp.accounts.models import Role, Team, User
from webapp.datasets.versions import services as versions
from webapp.jobs.models import JobKind, Status
from webapp.people.models import Suggestion
from webapp.recognition.models import Recognition
from webapp.training.models import Promotion, TrainingRun

pytestmark = pytest.mark.django_db(transaction=True)

OWN = ("accounts:logout", "accounts:switch_team", "accounts:new_team", "accounts:leave")
ACCOUNT = (
    *("accounts:rename", "accounts:appearance", "accounts:set_picture"),
    *("accounts:change_password", "accounts:sign_out_everywhere"),
)
EXPORTS = {"exports:choose", "exports:new", "exports:again"}
"""The team lets viewers export unless its setting says otherwise."""
ALLOWED = {*OWN, *ACCOUNT, *EXPORTS, "training:ask_explanation", "videos:favourite"}
"""What every member may post. Where a model looked is part of its result, reckoned when somebody wants to see it; a
star is seen only by who gave it."""
SEARCH = "people:photo"
MUST_MEET = {
    "videos:library",
    "videos:detail",
    "people:list",
    "people:person",
    "people:why",
    "datasets:list",
    "datasets:grid",
    "datasets:versions",
    "datasets:version",
    "datasets:doctor",
    "training:list",
    "training:run",
    "training:predictions",
    "training:promotions",
    "recognition:list",
    "recognition:batch",
    "accounts:team",
    "accounts:profile",
}
"""If one of these is not reached, the walk has lost its way."""
DROPS = {"video-uploader", "photo-drop", "import-sender"}
FILES = {"training:download", "training:download_all", "exports:appearances", "exports:file", "exports:play"}
"""Rows of these tests have no files."""
THEME = "theme-switch"
NO_ACT = {"data-close", "popovertarget", "data-size"}
"""Buttons that close notes, open menus and show pictures in another size."""
LOOKING = {
    "play",
    "speed",
    "mute",
    "boxes",
    "full",
    "before",
    "after",
    "close",
    "again",
    "only",
    "only-all",
    "only-end",
}
LOOKING |= {"zoom-in", "zoom-out", "zoom-fit"}
"""What buttons of the player and of large pictures do."""


class OfferReader(HTMLParser):
    """Collects where a page leads and what it lets one send."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page
        self.links: list[str] = []
        self.offers: list[str] = []
        self.is_in_form = False
        self.searches: set[str] = set()
        """Ids of forms that only ask; buttons elsewhere may send them."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "form":
            self.is_in_form = True
            if given.get("method", "get").lower() == "post":
                self.offers.append(resolve(urlsplit(given.get("action") or self.page).path).view_name)
            else:
                self.searches.add(given.get("id", ""))
        is_file = given.get("type") == "file" and "accounts:set_picture" not in self.offers[-1:]
        if tag in DROPS or is_file:
            self.offers.append(f"drop zone: {tag}")
        is_act = NO_ACT.isdisjoint(given) and given.get("data-act") not in LOOKING
        asks = given.get("form", "-") in self.searches
        if tag == "button" and not self.is_in_form and is_act and not asks:
            self.offers.append(f"button: {given}")
        if tag == THEME:
            self.is_in_form = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("form", THEME):
            self.is_in_form = False


def read(address: str, html: str) -> OfferReader:
    reader = OfferReader(address)
    reader.feed(html)
    return reader


def walked(client: Client, *starts: str) -> dict[str, set[str]]:
    """Follows all links from the library on, and from `starts`; returns for each kind of page what it offers."""
    found: dict[str, set[str]] = {}
    waiting, seen = [reverse("videos:library"), *starts], set()
    while waiting:
        address = waiting.pop()
        parts = urlsplit(address)
        key = (parts.path, tuple(sorted(parse_qs(parts.query))))
        if parts.netloc or not parts.path or key in seen or resolve(parts.path).view_name in FILES:
            continue
        seen.add(key)
        response = client.get(address)
        offers = found.setdefault(resolve(parts.path).view_name, set())
        if response.status_code >= 400:
            offers.add(f"dead link: {response.status_code}")
        if response.status_code != 200 or not response["Content-Type"].startswith("text/html"):
            continue
        reader = read(address, response.content.decode())
        offers.update(reader.offers)
        waiting += [link if link.startswith("/") else parts.path + link for link in reader.links if link[:1] in "/?"]
    return found


@pytest.fixture
def run(team: Team, bob: User) -> TrainingRun:
    """A team in which there is something of everything, in every state that has buttons for editors."""
    video = make_analysed_video(found_track(1), found_track(2, box=(300, 10, 360, 70)), team=team, user=bob)
    first, second = people_of(video)
    Suggestion.objects.create(team=team, first=first, second=second, likeness=0.5)
    for kind, status in ((JobKind.CHECK, Status.FAILED), (JobKind.ANALYSIS, Status.CANCELLED)):
        ended = make_video(team=team)
        ended.current_job = make_ended_job(ended, kind=kind, status=status)
        ended.save()
    dataset = make_dataset(team, name="Glasses")
    samples = make_samples(dataset, 6, each=lambda n: {"label": ("none", "glasses")[n % 2], "source": f"s{n}"})
    version = versions.freeze(dataset, user=bob, shares={"train": 0.5, "test": 0.5})
    make_run(dataset=dataset, status=Status.RUNNING)
    make_run(dataset=dataset, status=Status.FAILED)
    run = make_run(dataset=dataset, version=version)
    make_predictions(run, samples, wrong=[1])
    Promotion.objects.create(team=team, line=run.line, run=run)
    make_recognition(run, video, uncertain=[1.0, 2.0])
    other = make_analysed_video(found_track(3), team=team, user=bob)
    make_recognition(run, other, batch=uuid4(), taken_over_at=None)
    return run


def test_viewers_meet_nothing_that_they_may_not_use(run: TrainingRun, vera: User) -> None:
    batch = Recognition.objects.exclude(batch=None).values_list("batch", flat=True).get()
    unlinked = [reverse("recognition:batch", args=[batch])]
    unlinked += [reverse(f"training:{name}", args=[run.pk]) for name in ("predictions", "promotions")]
    found = walked(signed_in(vera), *unlinked)
    print(f"{len(found)} kinds of pages walked as a viewer")
    assert {name: offers - ALLOWED for name, offers in found.items() if offers - ALLOWED} == {}
    assert MUST_MEET - found.keys() == set()


def test_the_walk_sees_what_editors_are_offered(run: TrainingRun, bob: User) -> None:
    offers = set().union(*walked(signed_in(bob)).values())
    assert {"videos:rename", "people:name", SEARCH, "drop zone: video-uploader"} <= offers


def test_viewers_search_by_photo_where_the_team_lets_them(run: TrainingRun, vera: User) -> None:
    Team.objects.update(photo_search_role=Role.VIEWER)
    client = signed_in(vera)
    on_list, on_search = (
        set(read(page, client.get(page).content.decode()).offers) - ALLOWED
        for page in (reverse("people:list"), reverse(SEARCH))
    )
    assert on_list == set()
    assert on_search == {SEARCH, "drop zone: photo-drop", "drop zone: input"}
