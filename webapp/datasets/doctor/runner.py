"""What the worker does for a scan: gathers the measures, asks the library, stores the findings."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from analysis.doctor import flaws
from analysis.doctor.balance import thin_labels, unbalanced_labels
from analysis.doctor.duplicates import DuplicateGroup, near_duplicates
from analysis.doctor.flaws import Flagged
from analysis.doctor.identities import mixed_identities
from analysis.doctor.measures import MeasureTable, stack_signatures
from analysis.doctor.wrong_labels import likely_wrong_labels
from analysis.errors import Cancelled
from analysis.types import Float32, Progress
from webapp.datasets.measuring.runner import MEASURED, measure_samples, patterns_of, unpack_vectors
from webapp.datasets.models import Checkup, DatasetKind, Finding, FindingKind, Label, Measured, Sample
from webapp.jobs import lifecycle
from webapp.jobs.models import Job
from webapp.people import sample_codec as people_samples
from webapp.people.models import Face

ROWS = 2000
SAME_MOMENT_S = 0.05
Item = tuple[int, float, int | None]
"""Number of the sample, how bad it is (0..1), and what it is like: a label's id or another sample's number."""


@dataclass(slots=True)
class Gathered:
    """The scanned samples, in order of number, as parallel lists."""

    samples: list[Sample]
    table: MeasureTable
    vectors: Float32
    labels: list[str | None]
    sources: list[str]

    def numbers(self, flagged: Flagged) -> list[Item]:
        pairs = zip(flagged.indices.tolist(), flagged.severities.tolist(), strict=True)
        return [(self.samples[index].number, round(severity, 3), None) for index, severity in pairs]


def scan_dataset(job: Job) -> None:
    """Measures what is new, then looks for every kind of flaw. A repeat replaces what a broken-off attempt left."""
    scan = Checkup.objects.filter(job=job, dataset__deleted_at=None).select_related("dataset__team").first()
    if scan is None:
        lifecycle.cancel(job.pk)
        raise Cancelled
    measure_samples(job)
    lifecycle.report(job, "examine", 0, 1)
    gathered = _gather(scan)
    findings = [finding for finding in _findings(job, scan, gathered) if finding is not None]
    with transaction.atomic():
        Finding.objects.filter(checkup=scan).delete()
        Finding.objects.bulk_create(findings)
        Checkup.objects.filter(pk=scan.pk).update(samples_seen=len(gathered.samples))
        lifecycle.finish(job)


def _gather(scan: Checkup) -> Gathered:
    seen = scan.dataset.samples.filter(MEASURED, removed_at=None, is_left_out=False)
    samples = list(seen.select_related("label").order_by("number").defer("name"))
    columns = defaultdict(list)
    wanted = ("blur", "brightness", "highlights", "shadows", "contrast", "signature", "embedding")
    for start in range(0, len(samples), ROWS):
        rows = Measured.objects.only(*wanted).in_bulk([sample.pk for sample in samples[start : start + ROWS]])
        for sample in samples[start : start + ROWS]:
            for column in wanted:
                columns[column].append(getattr(rows[sample.pk], column))
    table = MeasureTable(
        widths=np.array([sample.width for sample in samples], np.int32),
        heights=np.array([sample.height for sample in samples], np.int32),
        blurs=np.array(columns["blur"], np.float32),
        brightnesses=np.array(columns["brightness"], np.float32),
        highlights=np.array(columns["highlights"], np.float32),
        shadows=np.array(columns["shadows"], np.float32),
        contrasts=np.array(columns["contrast"], np.float32),
        signatures=stack_signatures(bytes(signature) for signature in columns["signature"]),
    )
    vectors = unpack_vectors(columns["embedding"]) if samples else np.zeros((0, 1), np.float32)
    labels = [sample.label.name if sample.label else None for sample in samples]
    return Gathered(samples, table, vectors, labels, [sample.source for sample in samples])


def _findings(job: Job, scan: Checkup, gathered: Gathered) -> list[Finding | None]:
    checks: list[Callable[[], list[Finding | None]]] = [
        lambda: [_flaw(scan, FindingKind.BLURRED, gathered.numbers(flaws.find_blurred(gathered.table)))],
        lambda: [_flaw(scan, FindingKind.DARK, _badly_lit(gathered))],
        lambda: [_flaw(scan, FindingKind.TINY, gathered.numbers(flaws.find_tiny(gathered.table)))],
        lambda: [_duplicates(job, scan, gathered)],
        lambda: [_wrong_labels(job, scan, gathered)],
        lambda: [_mixed(scan, gathered)],
        lambda: _unbalanced(scan, gathered),
        lambda: _thin(scan, gathered),
    ]
    found: list[Finding | None] = []
    for number, check in enumerate(checks):
        found += check()
        lifecycle.report(job, "examine", number + 1, len(checks))
    return found


def _flaw(scan: Checkup, kind: FindingKind, items: list[Item], **facts: object) -> Finding | None:
    return Finding(checkup=scan, kind=kind, samples=items, facts=facts) if items else None


def _badly_lit(gathered: Gathered) -> list[Item]:
    table = gathered.table
    worst: dict[int, Item] = {}
    for look in (flaws.find_dark, flaws.find_too_bright, flaws.find_low_contrast):
        for item in gathered.numbers(look(table)):
            if item[0] not in worst or worst[item[0]][1] < item[1]:
                worst[item[0]] = item
    return sorted(worst.values(), key=lambda item: -item[1])


def _duplicates(job: Job, scan: Checkup, gathered: Gathered) -> Finding | None:
    """Finds all but the best of each group of near-duplicates."""

    def on_progress(progress: Progress) -> None:
        lifecycle.report(job, "examine", 3 + min(progress.done / max(progress.total, 1), 1), 8)

    groups = near_duplicates(
        gathered.table.signatures, embeddings=gathered.vectors, sources=gathered.sources, on_progress=on_progress
    )
    items = [item for group in groups for item in _spare(gathered, group)]
    across = sum(group.across_sources for group in groups)
    return _flaw(scan, FindingKind.DUPLICATES, items, groups=len(groups), across_sources=across)


def _spare(gathered: Gathered, group: DuplicateGroup) -> list[Item]:
    def worth(index: int) -> tuple[bool, int, float]:
        sample = gathered.samples[index]
        return sample.label_id is not None, sample.width * sample.height, -float(gathered.table.blurs[index])

    best = max(group.indices, key=worth)
    kept = gathered.samples[best].number
    return [(gathered.samples[i].number, round(group.similarity, 3), kept) for i in group.indices if i != best]


def _wrong_labels(job: Job, scan: Checkup, gathered: Gathered) -> Finding | None:
    """Finds labels that their neighbours disagree with, each with the label that fits better."""
    known = [index for index, label in enumerate(gathered.labels) if label is not None]
    names = [gathered.labels[index] or "" for index in known]
    if len(set(names)) < 2:
        return None
    sources = [gathered.sources[index] for index in known]
    signatures = gathered.table.signatures[known]

    def patterns(rows: NDArray[np.int64]) -> NDArray[np.float16]:
        chosen = [gathered.samples[known[row]] for row in rows.tolist()]
        return patterns_of(chosen, lambda done: lifecycle.report(job, "examine", 4 + done / (len(chosen) + 1), 8))

    vectors = gathered.vectors[known]
    wrong = likely_wrong_labels(vectors, names, sources, signatures=signatures, patterns_of=patterns)
    ids = dict(Label.objects.filter(dataset=scan.dataset).values_list("name", "pk"))
    found = zip(wrong.indices.tolist(), wrong.probabilities, wrong.suggestions, strict=True)
    items = [
        (gathered.samples[known[index]].number, round(float(probability), 3), ids.get(better))
        for index, probability, better in found
    ]
    return _flaw(scan, FindingKind.WRONG_LABEL, items)


def _mixed(scan: Checkup, gathered: Gathered) -> Finding | None:
    """Finds faces that do not look like their person; only faces from videos can be compared."""
    if scan.dataset.kind != DatasetKind.FACES:
        return None
    vectors, rows, people = _faces(gathered.samples)
    if not rows:
        return None
    items: list[Item] = []
    mixed = mixed_identities(np.stack(vectors), people)
    for each in mixed:
        odd = [face for part in each.parts[1:] for face in part] + list(each.outliers)
        items += [(rows[face], round(1 - each.similarity, 3), None) for face in odd]
    return _flaw(scan, FindingKind.MIXED, items, people=len(mixed))


def _faces(samples: Sequence[Sample]) -> tuple[list[Float32], list[int], list[str]]:
    """Returns face vectors where the analysis has one of the very view, with the number and person of each."""
    of_track: dict[int, list[Face]] = defaultdict(list)
    tracks = {sample.track_id for sample in samples if sample.track_id and sample.person_id}
    for start in range(0, len(tracks), ROWS):
        faces = Face.objects.filter(track__in=sorted(tracks)[start : start + ROWS])
        for face in faces.only("track", "time_s", "embedding"):
            of_track[face.track_id or 0].append(face)
    vectors, numbers, people = [], [], []
    for sample in samples:
        views = of_track.get(sample.track_id or 0, [])
        same = [face for face in views if abs(face.time_s - (sample.time_s or 0)) < SAME_MOMENT_S]
        if same and sample.person_id:
            vectors.append(people_samples.unpack_vector(same[0].embedding))
            numbers.append(sample.number)
            people.append(str(sample.person_id))
    return vectors, numbers, people


def _unbalanced(scan: Checkup, gathered: Gathered) -> list[Finding | None]:
    """Makes one card: the rare labels, and as samples the surplus of the most frequent one, evenly spread."""
    rare = unbalanced_labels(gathered.labels)
    if not rare:
        return []
    labelled = zip(gathered.samples, gathered.labels, strict=True)
    largest = [sample.number for sample, label in labelled if label == rare[0].largest_label]
    keep = max(rare[0].count * 3, 1)
    kept = {largest[index * len(largest) // keep] for index in range(min(keep, len(largest)))}
    surplus: list[Item] = [(number, 0.0, None) for number in largest if number not in kept]
    facts = {
        "labels": [{"label": each.label, "count": each.count, "enough": each.enough} for each in rare],
        "largest_label": rare[0].largest_label,
        "largest_count": rare[0].largest_count,
    }
    return [Finding(checkup=scan, kind=FindingKind.UNBALANCED, samples=surplus, facts=facts)]


def _thin(scan: Checkup, gathered: Gathered) -> list[Finding | None]:
    """Makes one card for all labels that have too few samples or sources."""
    names = list(Label.objects.filter(dataset=scan.dataset).values_list("name", flat=True))
    thin = thin_labels(gathered.labels, gathered.sources, names)
    if not thin:
        return []
    facts = {
        "labels": [
            {
                "label": each.label,
                "count": each.pictures,
                "enough": each.enough_pictures,
                "sources": each.sources,
                "enough_sources": each.enough_sources,
            }
            for each in thin
        ]
    }
    return [Finding(checkup=scan, kind=FindingKind.THIN, facts=facts)]
