"""What the API sends and takes. Times are in seconds of the player, moments of the calendar in UTC."""

from datetime import datetime
from typing import Annotated, Generic, Literal, TypeVar
from uuid import UUID

from ninja import Field, Schema
from pydantic import ConfigDict, StrictBool

from webapp.accounts.models import TokenScope
from webapp.jobs.models import Status
from webapp.people.models import Person
from webapp.videos.models import ThoroughnessChoice, VideoState

LONGEST_NAME = Person._meta.get_field("name").max_length
Listed = TypeVar("Listed")
StateIn = Literal["uploading", "stopped", "checking", "waiting", "analysing", "done", "failed", "cancelled"]
ThoroughnessIn = Literal["fast", "balanced", "thorough"]
StateWord = Annotated[str, Field(json_schema_extra={"enum": VideoState.values})]
JobStateWord = Annotated[str, Field(json_schema_extra={"enum": Status.values})]
ThoroughnessWord = Annotated[str, Field(json_schema_extra={"enum": ThoroughnessChoice.values})]
ScopeWord = Annotated[str, Field(json_schema_extra={"enum": TokenScope.values})]
"""What is sent comes from the models; what is taken is a literal, so that anything else is refused."""
Line = r"^[^\x00-\x1f\x7f]*$"
"""A text without control characters."""


class Received(Schema):
    """A body; a member that it does not have is a mistake of the sender."""

    model_config = ConfigDict(extra="forbid")


class Paged(Schema, Generic[Listed]):
    """A part of a list. Send `next_cursor` as `cursor` for the next one; null: there is none."""

    items: list[Listed]
    next_cursor: str | None


class PageQuery(Schema):
    """Which part of a list."""

    limit: int = Field(50, ge=1, le=200, description="At most so many.")
    cursor: str | None = Field(None, max_length=500, description="`next_cursor` of the part before.")


class TokenOut(Schema):
    """The access token of the request, and where it uploads."""

    team_id: UUID
    team: str
    scope: ScopeWord
    expires_at: datetime
    upload_url: str = Field(description="Address of the tus protocol, version 1.0, on this server.")
    upload_max_bytes: int


class FailureOut(Schema):
    """Why a video was refused or could not be analysed, in words."""

    headline: str
    detail: str


class VideoOut(Schema):
    """A video of the team."""

    id: UUID
    title: str
    file_name: str
    state: StateWord
    is_final: bool = Field(description="Nothing more happens by itself.")
    percent: int | None = Field(description="How much of the present step is done.")
    problem: FailureOut | None
    thoroughness: ThoroughnessWord
    created_at: datetime
    size_bytes: int
    duration_s: float
    width: int
    height: int
    rate_fps: float


class VideoIn(Received):
    """What of a video can be changed."""

    title: Annotated[str, Field(min_length=1, max_length=255, pattern=Line)]


class VideoQuery(PageQuery):
    """Which videos, newest first."""

    q: str = Field("", max_length=200, pattern=Line, description="Words of the title or file name.")
    state: StateIn | None = None
    person: UUID | None = Field(None, description="Somebody who is in them.")


class AnalysisIn(Received):
    """How an analysis is made; without thoroughness as the one before."""

    thoroughness: ThoroughnessIn | None = None


class AnalysisOut(Schema):
    """One analysis of a video."""

    id: UUID
    state: JobStateWord
    is_shown: bool = Field(description="Its people are those of the video.")
    thoroughness: ThoroughnessWord
    created_at: datetime
    detector: str
    embedder: str
    frames_sampled: int


class PersonOut(Schema):
    """Somebody who appears in the team's videos."""

    id: UUID
    label: str = Field(description="The name, or words like “Person 3” without one.")
    name: str
    number: int
    is_hidden: bool
    appearances: int
    videos: int
    screen_s: float


class PersonIn(Received):
    """A new name; an empty one takes it away."""

    name: Annotated[str, Field(max_length=LONGEST_NAME, pattern=Line)]
    as_new: StrictBool = Field(False, description="Also where somebody else has that name.")


class PersonQuery(PageQuery):
    """Which people, by their numbers."""

    q: str = Field("", max_length=LONGEST_NAME, pattern=Line, description="Words of the name.")
    named: bool | None = Field(None, description="With a name, or without.")
    hidden: bool = Field(False, description="Those who are left out of the list of people.")


class MergeIn(Received):
    """Who is merged into the person."""

    people: Annotated[list[UUID], Field(min_length=1, max_length=50)]
    name: Annotated[str, Field(max_length=LONGEST_NAME, pattern=Line)] = ""
    sure: StrictBool = Field(False, description="Also where something speaks against it.")


class SpanOut(Schema):
    """When somebody is on screen."""

    start_s: float
    end_s: float


class AppearanceOut(SpanOut):
    """An appearance of somebody in a video."""

    person_id: UUID
    label: str


class VideoAppearancesOut(Schema):
    """The appearances of somebody in one video."""

    video_id: UUID
    title: str
    spans: list[SpanOut]
