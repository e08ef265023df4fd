"""What the API sends and takes of datasets, runs and models."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Field, Schema
from pydantic import StrictBool, StrictFloat, StrictInt, StrictStr

from webapp.api.resource_types import JobStateWord, Line, PageQuery, Received
from webapp.datasets.choices import DatasetKind
from webapp.training.models import RecipeChoice, RunState

KindWord = Annotated[str, Field(json_schema_extra={"enum": DatasetKind.values})]
RecipeWord = Annotated[str, Field(json_schema_extra={"enum": RecipeChoice.values})]
RunStateWord = Annotated[str, Field(json_schema_extra={"enum": RunState.values})]
RecipeIn = Literal["auto", "tutorial", "finetune", "face-head", "sequence"]


class DatasetOut(Schema):
    """A dataset of the team."""

    id: UUID
    name: str
    purpose: str
    kind: KindWord
    created_at: datetime
    labels: list[str]


class SampleOut(Schema):
    """A sample of a dataset, which is named by its number there."""

    number: int
    name: str
    label: str | None
    is_left_out: bool
    media_type: str
    width: int
    height: int
    duration_s: float
    size_bytes: int
    sha256: str
    source: str
    video_id: UUID | None
    time_s: float | None
    person_id: UUID | None


class SampleQuery(PageQuery):
    """Which samples, by their numbers."""

    label: str | None = Field(None, max_length=80, pattern=Line, description="Those with this label.")
    labelled: bool | None = Field(None, description="With a label, or without.")


class VersionOut(Schema):
    """A frozen state of a dataset."""

    id: UUID
    number: int
    note: str
    created_at: datetime
    fingerprint: str
    samples: int


class RunQuery(PageQuery):
    """Which training runs, newest first."""

    dataset: UUID | None = Field(None, description="Those on versions of this dataset.")


class RunOut(Schema):
    """A training run."""

    id: UUID
    number: int
    dataset_id: UUID | None
    dataset: str
    version: int
    kind: KindWord
    recipe: RecipeWord
    trials: int
    note: str
    state: RunStateWord
    percent: int | None
    created_at: datetime
    labels: list[str] = Field(description="That its model tells apart; none before it is done.")
    accuracy: float | None = Field(description="On samples that it was not trained on, 0 to 1.")
    is_model_in_use: bool


class RunIn(Received):
    """What is trained how; settings that are not named are those of the recipe."""

    version_id: UUID
    recipe: RecipeIn = "auto"
    trials: Annotated[StrictInt, Field(ge=0, le=200)] = 0
    note: Annotated[str, Field(max_length=1000, pattern=Line)] = ""
    settings: dict[str, StrictBool | StrictInt | StrictFloat | StrictStr] = Field({}, max_length=50)


class PredictionOut(Schema):
    """What a model recognises in a picture or clip."""

    id: UUID
    file_name: str
    state: JobStateWord
    label: str | None
    scores: dict[str, float] = Field(description="By label, 0 to 1; they sum to 1.")
    problem: str | None
