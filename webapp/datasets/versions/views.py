"""Pages of versions: what would be frozen, the list, one version, two compared."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from webapp import access
from webapp.accounts.request_types import SignedInRequest
from webapp.datasets import queries
from webapp.datasets.importing.words import of_parts
from webapp.datasets.models import GroupBy, Part, Sample, Version
from webapp.datasets.page_context import head_context
from webapp.datasets.versions import queries as versions_queries
from webapp.datasets.versions import services
from webapp.datasets.versions.words import label_table, split_summary
from webapp.http.responses import done, refused
from webapp.jobs.idempotency_responses import starts_work

SHARES: dict[str, tuple[int, int, int]] = {"70": (70, 15, 15), "80": (80, 10, 10), "60": (60, 20, 20)}
STRIP = 24
"""Pictures shown of each part, or of each kind of difference."""


class FreezeForm(forms.Form):
    """What a new version is to be."""

    note = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=1000,
        help_text=gettext_lazy("What has changed in this version? Optional."),
    )
    group_by = forms.ChoiceField(label=gettext_lazy("Keep together"), choices=GroupBy.choices, initial=GroupBy.SOURCE)
    shares = forms.ChoiceField(
        label=gettext_lazy("Training / validation / test"),
        choices=[(key, " / ".join(f"{part} %" for part in parts)) for key, parts in SHARES.items()],
    )
    keeps_given = forms.BooleanField(
        label=gettext_lazy("Keep the sets that samples came with"), required=False, initial=True
    )
    seed = forms.IntegerField(
        label=gettext_lazy("Random seed"),
        min_value=0,
        max_value=2**31 - 1,
        initial=0,
        help_text=gettext_lazy("The same seed gives the same split."),
    )

    def shares_of_parts(self) -> dict[str, float]:
        percents = SHARES[self.cleaned_data["shares"]]
        return {part.value: percent / 100 for part, percent in zip(Part, percents, strict=True)}


@require_GET
def version_list(request: HttpRequest, dataset_id: UUID) -> HttpResponse:
    dataset = get_object_or_404(access.visible_datasets(request.user), pk=dataset_id)
    head = head_context(request, dataset)
    kept = list(dataset.versions.filter(deleted_at=None).select_related("created_by").order_by("-number"))
    overview = head["overview"]
    context = head | {
        "versions": [_summary(version) for version in kept],
        "form": FreezeForm(),
        "given": of_parts(versions_queries.given_parts(dataset)),
        "ready": queries.samples_of(dataset).filter(label__isnull=False, is_left_out=False).count(),
        "unlabelled": overview.count - overview.labelled,
        "excluded": overview.excluded,
    }
    return render(request, "datasets/versions.html", context)


@require_POST
def freeze(request: SignedInRequest, dataset_id: UUID) -> HttpResponseBase:
    dataset = get_object_or_404(access.manageable_datasets(request.user), pk=dataset_id)
    here = reverse("datasets:versions", args=[dataset.pk])
    form = FreezeForm(request.POST)
    if not form.is_valid():
        return refused(
            request, _("Choose how to split the samples. The random seed must be a whole number."), here, status=400
        )
    try:
        plan = services.plan_version(
            dataset,
            group_by=GroupBy(form.cleaned_data["group_by"]),
            shares=form.shares_of_parts(),
            seed=form.cleaned_data["seed"],
            keeps_given=form.cleaned_data["keeps_given"],
        )
    except services.NothingToFreeze:
        return refused(request, _("No sample has a label yet. Label some first."), here)
    return _store(request, plan, form.cleaned_data["note"])


@starts_work
def _store(request: SignedInRequest, plan: services.VersionPlan, note: str) -> HttpResponseBase:
    dataset = plan.dataset
    version = services.store_version(plan, user=request.user, note=note)
    same = dataset.versions.filter(fingerprint=version.fingerprint, deleted_at=None).exclude(pk=version.pk).first()
    words = _("Created version %(number)d.") % {"number": version.number}
    if same is not None:
        words += " " + _("It contains the same samples and labels as version %(number)d.") % {"number": same.number}
    return done(request, words, reverse("datasets:version", args=[dataset.pk, version.number]))


@require_GET
def version_detail(request: HttpRequest, dataset_id: UUID, number: int) -> HttpResponse:
    version = _version(request, dataset_id, number)
    context = head_context(request, version.dataset) | {
        "version": version,
        "summary": _summary(version),
        "table": label_table(version.statistics),
        "strips": [(part.label, _strip(version, part)) for part in Part],
        "others": version.dataset.versions.filter(deleted_at=None).exclude(pk=version.pk).order_by("-number"),
    }
    return render(request, "datasets/version.html", context)


@require_GET
def compare(request: HttpRequest, dataset_id: UUID, number: int, other: int) -> HttpResponse:
    first, second = _version(request, dataset_id, number), _version(request, dataset_id, other)
    older, newer = sorted((first, second), key=lambda version: version.number)
    difference = versions_queries.compare(older, newer)
    relabelled = difference.relabelled[:STRIP]
    shown = [*difference.added[:STRIP], *difference.removed[:STRIP], *(pk for pk, _before, _after in relabelled)]
    numbers = dict(Sample.objects.filter(pk__in=shown).values_list("pk", "number"))
    context = head_context(request, newer.dataset) | {
        "older": older,
        "newer": newer,
        "difference": difference,
        "added": [numbers[pk] for pk in difference.added[:STRIP]],
        "removed": [numbers[pk] for pk in difference.removed[:STRIP]],
        "relabelled": [(numbers[pk], before, after) for pk, before, after in relabelled],
        "is_same": older.fingerprint == newer.fingerprint,
    }
    return render(request, "datasets/compare.html", context)


@require_POST
def delete_version(request: SignedInRequest, dataset_id: UUID, number: int) -> HttpResponseBase:
    version = _managed(request, dataset_id, number)
    services.delete_version(version, user=request.user)
    undo = reverse("datasets:restore_version", args=[dataset_id, number])
    words = _("Deleted version %(number)d.") % {"number": number}
    return done(request, words, reverse("datasets:versions", args=[dataset_id]), undo)


@require_POST
def restore_version(request: SignedInRequest, dataset_id: UUID, number: int) -> HttpResponseBase:
    services.restore_version(_managed(request, dataset_id, number), user=request.user)
    words = _("Restored version %(number)d.") % {"number": number}
    return done(request, words, reverse("datasets:versions", args=[dataset_id]))


def _managed(request: HttpRequest, dataset_id: UUID, number: int) -> Version:
    return get_object_or_404(access.manageable_versions(request.user), dataset=dataset_id, number=number)


def _version(request: HttpRequest, dataset_id: UUID, number: int) -> Version:
    found = access.visible_versions(request.user).select_related("dataset", "created_by")
    return get_object_or_404(found, dataset=dataset_id, number=number)


def _summary(version: Version) -> dict[str, Any]:
    return {"version": version} | split_summary(version.statistics)


def _strip(version: Version, part: str) -> list[int]:
    """Returns the numbers of some samples from all over the part."""
    rows = version.samples.filter(part=part).order_by("sample__sha256")
    return list(rows.values_list("sample__number", flat=True)[:STRIP])
