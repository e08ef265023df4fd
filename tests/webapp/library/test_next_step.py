"""The line about what to do next: who sees it, and when it goes."""

import pytest
from django.urls import reverse

from tests.conftest import signed_in
from tests.factories_videos import found_track, make_analysed_video, people_of
from webapp.accounts.models import Team, User
from webapp.people.acts import services
from webapp.videos.models import Video

pytestmark = pytest.mark.django_db(transaction=True)


def line(user: User, video: Video) -> str:
    page = signed_in(user).get(reverse("videos:detail", args=[video.pk])).content.decode()
    return " ".join(page.partition("next-step")[2].partition("</form>")[0].split())


@pytest.fixture
def video(team: Team) -> Video:
    return make_analysed_video(found_track(), team=team)


def test_it_leads_from_the_first_names_to_what_they_bring_and_then_goes(video: Video, bob: User, vera: User) -> None:
    person = people_of(video)[0]
    assert "say who they are" in line(bob, video) and str(person) in line(bob, video)
    assert not line(vera, video)
    services.name_person(person, name="Tom", user=bob)
    assert "recognises Tom in every video" in line(bob, video)
    make_analysed_video(found_track(), team=video.team)
    assert not line(bob, video)


def test_whoever_dismisses_it_sees_it_no_more(video: Video, bob: User, alice: User) -> None:
    signed_in(bob).post(reverse("videos:dismiss_next_step", args=[video.pk]))
    assert not line(bob, video)
    assert line(alice, video)
