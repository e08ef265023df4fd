"""The help page: every page leads to the section about it, and every section is there and listed."""

import re

import pytest
from django.urls import URLResolver, get_resolver, reverse

from tests.conftest import signed_in
from webapp.accounts.models import Team, User
from webapp.help_chapters import CHAPTERS, chapter_of

WITHOUT_RAIL = {"jobs", "shared"}
"""Apps without a page of their own, or with pages for people without an account."""
SECTIONS = {
    "/videos/": "videos",
    "/videos/upload/": "videos",
    "/videos/tags/": "tags",
    "/search/": "search",
    "/exports/": "exports",
    "/deleted/": "videos",
    "/sharing/": "sharing",
    "/people/": "people",
    "/people/strictness/": "people",
    "/people/review/": "review",
    "/people/photo/": "photo",
    "/datasets/": "datasets",
    "/training/": "training",
    "/recognition/": "training",
    "/profile/": "account",
    "/profile/tokens/": "account",
    "/api/": "account",
    "/team/": "team",
    "/team/new/": "team",
    "/audit/": "team",
}


def routes(resolver: URLResolver, app: str = "") -> list[tuple[str, str]]:
    """Returns app and name of every route, such as ("videos", "videos:detail")."""
    found: list[tuple[str, str]] = []
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            found += routes(entry, entry.app_name or app)
        else:
            found.append((app, f"{app}:{entry.name}" if app else str(entry.name)))
    return found


@pytest.fixture
def help_html(team: Team, alice: User) -> str:
    return signed_in(alice).get(reverse("help")).content.decode()


def test_no_app_falls_back_to_the_first_section() -> None:
    known = routes(get_resolver())
    assert {app for app, _ in known if app} - WITHOUT_RAIL <= CHAPTERS.keys()
    assert CHAPTERS.keys() <= {name for route in known for name in route}


@pytest.mark.django_db
def test_every_section_that_pages_lead_to_is_there_and_listed(help_html: str) -> None:
    sections = re.findall(r'<section[^>]* id="([\w-]+)"', help_html)
    assert {chapter_of(*route) for route in routes(get_resolver())} <= set(sections)
    contents = help_html.partition("<page-contents")[2].partition("</page-contents>")[0]
    assert re.findall(r'href="#([\w-]+)"', contents) == sections


@pytest.mark.django_db
@pytest.mark.parametrize(("address", "section"), SECTIONS.items())
def test_help_on_a_page_opens_the_section_about_it(team: Team, alice: User, address: str, section: str) -> None:
    html = signed_in(alice).get(address, follow=True).content.decode()
    assert set(re.findall(r'href="/help/#([\w-]*)"', html)) == {section}
