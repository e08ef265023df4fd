"""Tracks know in which stretches their face is seen, and times on screen are summed up from these."""

from itertools import islice

import numpy as np
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from analysis.faces.seen_spans import seen_spans

BATCH = 500


def fill(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """As `webapp.analyses.runner` does for new tracks."""
    Track = apps.get_model("people", "Track")
    columns = ("pk", "start_s", "samples", "segment__sample_step_s", "analysis__video")
    ends = _ends_of_videos(apps)
    rows = Track.objects.order_by("pk").values_list(*columns).iterator(chunk_size=BATCH)
    while batch := list(islice(rows, BATCH)):
        tracks = [
            Track(pk=pk, seen=_packed(samples, step_s, ends[video] - start_s))
            for pk, start_s, samples, step_s, video in batch
        ]
        Track.objects.bulk_update(tracks, ["seen"])
    _sum_up(apps)


def _ends_of_videos(apps: Apps) -> dict[object, float]:
    rows = apps.get_model("videos", "Video").objects.values_list("pk", "duration_s", "probed")
    return {
        pk: float(probed.get("start_s", 0.0)) + duration_s if duration_s else float("inf")
        for pk, duration_s, probed in rows
    }


def _packed(samples: bytes, step_s: float, end_s: float) -> bytes:
    times_s = np.frombuffer(samples, "<f4").reshape(-1, 6)[:, 0].astype(np.float64)
    spans = [(start, max(min(end, end_s), start)) for start, end in seen_spans(times_s, step_s)]
    return np.array(spans, "<f4").tobytes()


def _sum_up(apps: Apps) -> None:
    """Each presence has the time that its tracks cover together, and each person the sum of theirs."""
    Track, Presence, Person = (apps.get_model("people", name) for name in ("Track", "Presence", "Person"))
    rows = Presence.objects.order_by("pk").values_list("pk", "analysis", "person").iterator(chunk_size=BATCH)
    while batch := list(islice(rows, BATCH)):
        spans: dict[tuple[object, object], list[tuple[float, float]]] = {}
        keys = {(analysis, person): pk for pk, analysis, person in batch}
        found = Track.objects.filter(analysis__in={a for a, _ in keys}, person__in={p for _, p in keys})
        for analysis, person, start_s, seen in found.values_list("analysis", "person", "start_s", "seen"):
            rows_of = np.frombuffer(seen, "<f4").reshape(-1, 2).astype(np.float64) + start_s
            spans.setdefault((analysis, person), []).extend(map(tuple, rows_of.tolist()))
        changed = [Presence(pk=pk, screen_s=_covered_s(spans.get(key, []))) for key, pk in keys.items()]
        Presence.objects.bulk_update(changed, ["screen_s"])
    total = Presence.objects.filter(person=models.OuterRef("pk")).order_by().values("person")
    total = total.annotate(sum=models.Sum("screen_s")).values("sum")
    Person.objects.filter(is_deleted=False, appearances__gt=0).update(screen_s=models.Subquery(total))


def _covered_s(spans: list[tuple[float, float]]) -> float:
    total, until = 0.0, float("-inf")
    for start, end in sorted(spans):
        total += max(end - max(start, until), 0.0)
        until = max(until, end)
    return total


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0013_view_measures"),
        ("videos", "0002_probed_and_duplicate_of"),
    ]

    operations = [
        migrations.AddField(model_name="track", name="seen", field=models.BinaryField(default=b"")),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
