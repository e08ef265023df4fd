"""Presences and people have the appearances that pages show: spans at most a second apart are one, whatever the tracks."""

from itertools import islice
from uuid import UUID

import numpy as np
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from webapp.people.appearances import appearances_of, total_s

BATCH = 500


def count(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """As `webapp.people.summary_services` does from now on."""
    Presence, Person = (apps.get_model("people", name) for name in ("Presence", "Person"))
    columns = ("pk", "analysis", "person", "analysis__video__playback_offset_s")
    rows = Presence.objects.order_by("pk").values_list(*columns).iterator(chunk_size=BATCH)
    while batch := list(islice(rows, BATCH)):
        spans = _spans(apps, {analysis for _, analysis, _, _ in batch}, {person for _, _, person, _ in batch})
        changed = []
        for pk, analysis, person, offset_s in batch:
            shown = appearances_of((s - offset_s, e - offset_s) for s, e in spans.get((analysis, person), ()))
            changed.append(Presence(pk=pk, appearances=len(shown), screen_s=total_s(shown)))
        Presence.objects.bulk_update(changed, ["appearances", "screen_s"])
    of_person = Presence.objects.filter(person=models.OuterRef("pk")).order_by().values("person")
    sums = {
        name: models.Subquery(of_person.annotate(sum=models.Sum(name)).values("sum"))
        for name in ("appearances", "screen_s")
    }
    Person.objects.filter(is_deleted=False, presences__isnull=False).update(**sums)


def _spans(apps: Apps, analyses: set[UUID], people: set[UUID]) -> dict[tuple[UUID, UUID], list[tuple[float, float]]]:
    spans: dict[tuple[UUID, UUID], list[tuple[float, float]]] = {}
    found = apps.get_model("people", "Track").objects.filter(analysis__in=analyses, person__in=people)
    for analysis, person, start_s, seen in found.values_list("analysis", "person", "start_s", "seen").iterator():
        seen_s = np.frombuffer(seen, "<f4").reshape(-1, 2).astype(np.float64) + start_s
        spans.setdefault((analysis, person), []).extend(map(tuple, seen_s.tolist()))
    return spans


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0022_typeset_names"),
        ("videos", "0001_initial"),
    ]

    operations = [migrations.RunPython(count, migrations.RunPython.noop)]
