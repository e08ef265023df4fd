"""Brings changed archives into datasets by the product's own worker code, in a database of its own without a server."""

from __future__ import annotations

from contextlib import ExitStack
from random import Random
from typing import TYPE_CHECKING

from benchmarks.fuzz_cases import LOST, UNWORDED, FuzzKind, Missed, Place
from benchmarks.scratch_team import make_team, scratch_product
from tests.present import present

if TYPE_CHECKING:
    from webapp.datasets.models import Dataset, Import

OUR_FAULT = ("internal", "crashed")
MOST_WORDS = 2000


class ImportedArchives(FuzzKind):
    """A team whose owner uploads one ZIP after the other, each into a dataset of its own."""

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._open = ExitStack()

    def __enter__(self) -> ImportedArchives:
        self._open.enter_context(scratch_product())
        from tests.factories import make_user

        self.team = make_team("Newsroom")
        self.user = make_user("owner", team=self.team, role="owner")
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def import_archive(self, content: bytes, random: Random) -> str:
        """Imports a ZIP; returns how that ended. Raises Missed where nobody would be told, or a count is wrong."""
        from tests.factories_datasets import make_dataset
        from tests.webapp.datasets.importing.fillings import prepare_zip, run

        kind = random.choice(("frames", "frames", "faces", "clips"))
        dataset = make_dataset(self.team, kind=kind, labels=random.choice(((), ("cat", "Dog"))))
        options = {"label": random.choice(("", "", "cat")), "one_source": random.random() < 0.3}
        if not content:
            content = b"\0"  # an empty file is refused before it is sent
        of_import = prepare_zip(dataset, self.user, content, **options)
        run(of_import)
        try:
            return _judged(dataset, of_import)
        finally:
            _clear(dataset, of_import)


def _judged(dataset: Dataset, of_import: Import) -> str:
    from webapp.datasets.importing import words
    from webapp.datasets.models import Outcome, Sample
    from webapp.jobs.models import Job
    from webapp.jobs.words import FAILURES

    job = Job.objects.get(pk=present(of_import.job_id))
    said = words.of_notes(of_import)
    if not all(can_be_read(sentence) for sentence in [*said, job.error_detail or "-"]):
        raise Missed(UNWORDED, f"notes {of_import.options.get('notes')}")
    if job.status == "failed":
        if job.error_code in OUR_FAULT or job.error_code not in FAILURES:
            raise Missed(UNWORDED, f"{job.error_code}: {job.error_detail}")
        return str(job.error_code)
    if job.status != "done":
        raise Missed(UNWORDED, f"the job is {job.status}")
    stored = Sample.objects.filter(dataset=dataset, removed_at=None)
    added = of_import.counts.get(Outcome.ADDED, 0)
    if stored.count() != added or of_import.items_done != of_import.items_total:
        raise Missed(LOST, f"{stored.count()} samples of {added}, {of_import.items_done} of {of_import.items_total}")
    _expect_files(stored)
    return "some" if added else "none"


def can_be_read(sentence: str) -> bool:
    """Tells whether it is a sentence that pages can show and every database takes."""
    is_text = sentence.encode("utf-8", "replace").decode() == sentence and "\0" not in sentence
    return is_text and "%(" not in sentence and 0 < len(sentence) <= MOST_WORDS


def _expect_files(stored: object) -> None:
    """Raises Missed where a sample has no file, or another size than is noted."""
    from webapp import storage

    for sample in stored:  # type: ignore[attr-defined]
        if not storage.exists(sample.key) or not storage.exists(sample.thumbnail_key):
            raise Missed(LOST, f"no file of sample {sample.number}")
        if storage.size(sample.key) != sample.size_bytes:
            raise Missed(LOST, f"sample {sample.number} has {storage.size(sample.key)} bytes of {sample.size_bytes}")
        for field in sample._meta.fields:
            held = getattr(sample, field.attname)
            # What SQLite takes and PostgreSQL does not.
            if isinstance(held, str) and ("\0" in held or len(held) > (field.max_length or len(held))):
                raise Missed(UNWORDED, f"{field.name} of sample {sample.number} fits no column: {held[:200]!r}")


def _clear(dataset: Dataset, of_import: Import) -> None:
    """Leaves no files, so that an hour of cases fits on the disk."""
    from webapp import storage
    from webapp.jobs.models import Job

    storage.delete_prefix(dataset.files_prefix)
    dataset.delete()
    Job.objects.filter(pk=present(of_import.job_id)).delete()
