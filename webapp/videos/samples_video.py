"""The sample video, made by code on demand."""

from webapp.accounts.models import Team, User
from webapp.videos.models import Video


def begin_sample(*, team: Team, user: User) -> Video:
    raise NotImplementedError
