"""Which columns name stored files, and what must be true of each file. A column without a rule here fails a test."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from webapp.accounts.models import User
from webapp.datasets.importing import inbox
from webapp.datasets.models import Import, ImportUpload, Sample
from webapp.exports.models import Export
from webapp.jobs.models import Status, StoreMark
from webapp.people.models import Face
from webapp.recognition.models import Observation
from webapp.training.models import Explanation, TrainingRun
from webapp.undo_period import UNDO_PERIOD
from webapp.uploads import partial_files
from webapp.videos.models import Video

BATCH = 2000
"""Rows that are read at once: no query stays open while files are read, which would hold up writers' journals."""


@dataclass(frozen=True, slots=True)
class RowFile:
    """A file that a row says is stored. Empty `sha256` and None as `size_bytes`: not known."""

    rule: str
    row: str
    """Of whose row; with the rule it finds the row again."""
    key: str
    sha256: str = ""
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class ColumnRule:
    """A column with the key of a file, and those that hold its checksum and size, where there are any."""

    model: type[Model]
    column: str
    what: str
    sha256: str = ""
    size: str = ""
    expected: Callable[[], Q] = Q
    """Of rows whose file has to be there; others are on their way out."""
    is_coming: Callable[[Any], bool] = lambda _pk: False
    """Whether the file of this row is still to be moved into the store."""

    @property
    def name(self) -> str:
        return f"{self.model._meta.label}.{self.column}"

    def rows(self, **of: Any) -> QuerySet[Any]:
        return self.model._default_manager.filter(self.expected(), **of).exclude(**{self.column: ""})

    def files(self) -> Iterator[RowFile]:
        columns = ["pk", self.column, *filter(None, (self.sha256, self.size))]
        last: Any = None
        while batch := list(self._after(last).values_list(*columns)[:BATCH]):
            for pk, key, *others in batch:
                known = dict(zip(columns[2:], others, strict=True))
                yield RowFile(self.name, str(pk), key, known.get(self.sha256) or "", known.get(self.size))
            last = batch[-1][0]

    def _after(self, last: Any) -> QuerySet[Any]:
        rows = self.rows().order_by("pk")
        return rows if last is None else rows.filter(pk__gt=last)

    def holds(self, file: RowFile) -> bool:
        """Returns whether the row still names this file, so that it has to be there."""
        return self.rows(pk=file.row, **{self.column: file.key}).exists() and not self.is_coming(file.row)


def _kept(path: str = "deleted_at") -> Callable[[], Q]:
    """Returns a condition that rows meet until their undo period is over, when files go before rows."""
    return lambda: Q(**{path: None}) | Q(**{f"{path}__gt": timezone.now() - UNDO_PERIOD})


def _arrives(video: str) -> bool:
    return partial_files.path_of(UUID(video)).exists()


COLUMNS = [
    ColumnRule(User, "picture_key", "the picture of an account"),
    ColumnRule(Video, "original_key", "the uploaded video", "sha256", "size_bytes", _kept(), _arrives),
    ColumnRule(Video, "copy_key", "the copy of a video for browsers", expected=_kept()),
    ColumnRule(Video, "poster_key", "the picture on a video's card", expected=_kept()),
    ColumnRule(Video, "sprites_key", "the small pictures on a video's timeline", expected=_kept()),
    ColumnRule(Face, "picture_key", "the picture of a face", expected=_kept("analysis__video__deleted_at")),
    ColumnRule(Sample, "key", "a sample of a dataset", "sha256", expected=_kept("dataset__deleted_at")),
    ColumnRule(Sample, "thumbnail_key", "the thumbnail of a sample", expected=_kept("dataset__deleted_at")),
    ColumnRule(
        Observation,
        "picture_key",
        "the picture of an uncertain moment",
        expected=_kept("recognition__video__deleted_at"),
    ),
    ColumnRule(
        Explanation,
        "file_key",
        "a picture that somebody had a model explain",
        expected=lambda: _kept("run__deleted_at")() & Q(expires_at__gt=timezone.now()),
    ),
    ColumnRule(Explanation, "heat_key", "the heat map of an explanation", expected=_kept("run__deleted_at")),
    ColumnRule(Export, "file_key", "an exported file", size="size_bytes"),
]

MODEL_FILE = "training.TrainingRun.files"
ARRIVED_FILE = "datasets.ImportUpload.is_stored"
MARK = "jobs.StoreMark.value"
OTHERS = {
    MODEL_FILE: "a file of a trained model",
    ARRIVED_FILE: "a file that is to be added to a dataset",
    MARK: "the mark by which workers know the storage",
}
"""Files whose keys follow from their rows."""
WHAT = {rule.name: rule.what for rule in COLUMNS} | OTHERS
_BY_NAME = {rule.name: rule for rule in COLUMNS}

NO_FILES = {
    "accounts.SignInCounter.key": "a digest of what is counted",
    "datasets.Label.key": "a key of the keyboard",
    "jobs.AnsweredRequest.key": "names a request",
}
"""Columns that are called like those with keys of files."""


def files() -> Iterator[RowFile]:
    """Yields what must be in the store, as the rows say."""
    for rule in COLUMNS:
        yield from rule.files()
    for others in _FILES_OF.values():
        yield from others(Q())


def holds(file: RowFile) -> bool:
    """Returns whether the row still names this file: it may have been deleted or replaced meanwhile."""
    if file.rule in _BY_NAME:
        return _BY_NAME[file.rule].holds(file)
    return file in _FILES_OF[file.rule](Q(pk=file.row))


def _model_files(of: Q) -> Iterator[RowFile]:
    for run in TrainingRun.objects.filter(of, _kept()()).only("pk", "team_id", "files"):
        for name, sha256 in run.files.items():
            yield RowFile(MODEL_FILE, str(run.pk), f"{run.files_prefix}/{name}", sha256)


def _arrived_files(of: Q) -> Iterator[RowFile]:
    arrived = ImportUpload.objects.filter(of, _waits("of_import__"), is_stored=True)
    for upload in arrived.select_related("of_import__dataset"):
        key = inbox.file_key(upload.of_import, upload.pk)
        yield RowFile(ARRIVED_FILE, str(upload.pk), key, size_bytes=upload.size_bytes)


def _marks(of: Q) -> Iterator[RowFile]:
    for mark in StoreMark.objects.filter(of):
        yield RowFile(MARK, str(mark.pk), StoreMark.KEY)


_FILES_OF = {MODEL_FILE: _model_files, ARRIVED_FILE: _arrived_files, MARK: _marks}


def folders() -> Iterator[str]:
    """Yields folders whose files no column names one by one, but which a row stands for."""
    for of_import in Import.objects.filter(_waits()).select_related("dataset"):
        yield of_import.inbox_prefix
    looks = Explanation.objects.values_list("pk", "run", "run__team")
    for explanation, run, team in looks.iterator():
        yield f"{TrainingRun(pk=run, team_id=team).files_prefix}/looks/{explanation}"


def _waits(path: str = "") -> Q:
    """Returns the condition of imports whose files are still needed: all but those that are done."""
    return Q(**{f"{path}job": None}) | ~Q(**{f"{path}job__status": Status.DONE})
