"""Pages of the doctor: what was found, each finding with its samples, and the buttons that fix it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from webapp import access
from webapp.accounts.request_types import SignedInRequest
from webapp.datasets import queries
from webapp.datasets.doctor import services
from webapp.datasets.models import Dataset, Finding, FindingKind, Label
from webapp.datasets.page_context import head_context
from webapp.http.ids import integer_or_none
from webapp.http.responses import done, refused
from webapp.jobs.idempotency_responses import starts_work

COVERS = 8
PAGE_SIZE = 120
MEANINGS: dict[str, Promise] = {
    FindingKind.BLURRED: gettext_lazy("Too blurred to tell what they show. A model learns little from them."),
    FindingKind.DARK: gettext_lazy("Hardly anything is visible in them."),
    FindingKind.TINY: gettext_lazy("They have fewer pixels than a network needs."),
    FindingKind.DUPLICATES: gettext_lazy(
        "Duplicates make a label look more frequent than it is, and can end up in both training and test. "
        "The best of each group is kept."
    ),
    FindingKind.WRONG_LABEL: gettext_lazy("They look more like another label. Review them before you relabel them."),
    FindingKind.MIXED: gettext_lazy("These faces do not look like the person they are labelled as."),
    FindingKind.UNBALANCED: gettext_lazy(
        "A model that always predicts the most frequent label would already look good."
    ),
    FindingKind.THIN: gettext_lazy("Too few samples to learn from, or all from too few videos."),
}
BY_HAND = (FindingKind.THIN,)
"""Nothing can be left out or relabelled for these: more has to be added."""


@dataclass(frozen=True, slots=True)
class FindingCard:
    """What a card shows: `open_count` of `count` samples are still to be dealt with."""

    finding: Finding
    meaning: Promise
    count: int
    open_count: int
    covers: list[int]
    facts: list[str]
    can_fix: bool
    is_fixed: bool


@require_GET
def overview(request: HttpRequest, dataset_id: UUID) -> HttpResponse:
    dataset = get_object_or_404(access.visible_datasets(request.user), pk=dataset_id)
    scan = services.latest_scan(dataset)
    cards, newer = [], 0
    if scan is not None:
        cards = [_card(finding) for finding in scan.findings.select_related("checkup").prefetch_related("acts")]
        newer = queries.samples_of(dataset).filter(came_with__created_at__gt=scan.created_at).count()
    context = head_context(request, dataset) | {
        "scan": scan,
        "open_cards": [card for card in cards if not card.finding.dismissed_at],
        "dismissed": [card for card in cards if card.finding.dismissed_at],
        "newer": newer,
    }
    return render(request, "datasets/doctor.html", context)


@require_POST
@starts_work
def scan(request: SignedInRequest, dataset_id: UUID) -> HttpResponseBase:
    dataset = get_object_or_404(access.editable_datasets(request.user), pk=dataset_id)
    here = reverse("datasets:doctor", args=[dataset.pk])
    if not queries.samples_of(dataset).exists():
        return refused(request, _("There are no samples to check yet. Add some first."), here)
    if not services.begin_scan(dataset, user=request.user):
        return refused(request, _("The doctor is already checking this dataset."), here)
    return done(request, _("The doctor is checking your samples."), here)


@require_GET
def finding_detail(request: HttpRequest, dataset_id: UUID, finding_id: int) -> HttpResponse:
    dataset = get_object_or_404(access.visible_datasets(request.user), pk=dataset_id)
    finding = _finding(dataset, finding_id)
    page = Paginator(services.still_open(finding), PAGE_SIZE).get_page(request.GET.get("page"))
    page.object_list = _items(dataset, finding, list(page.object_list))  # type: ignore[assignment]
    context = head_context(request, dataset) | {"card": _card(finding), "page": page}
    return render(request, "datasets/finding.html", context)


@require_POST
def fix(request: SignedInRequest, dataset_id: UUID, finding_id: int) -> HttpResponseBase:
    """Fixes all of a finding, or only the ticked samples (`only` says that ticks count)."""
    dataset = get_object_or_404(access.editable_datasets(request.user), pk=dataset_id)
    finding = _finding(dataset, finding_id)
    ticked = {number for text in request.POST.getlist("number") if (number := integer_or_none(text)) is not None}
    numbers = ticked if request.POST.get("only") else None
    relabel = request.POST.get("act") != "leave_out"
    changed = services.fix(finding, user=request.user, numbers=numbers, relabel=relabel)
    here = reverse("datasets:doctor", args=[dataset.pk])
    if not changed:
        return refused(request, _("There was nothing left to change."), here)
    if relabel and finding.kind in services.RELABELLED:
        words = ngettext("Relabelled %(n)d sample.", "Relabelled %(n)d samples.", changed)
    else:
        words = ngettext("Left out %(n)d sample.", "Left out %(n)d samples.", changed)
    return done(request, words % {"n": changed}, here, reverse("datasets:take_back", args=[dataset.pk, finding.pk]))


@require_POST
def undo_fix(request: SignedInRequest, dataset_id: UUID, finding_id: int) -> HttpResponseBase:
    dataset = get_object_or_404(access.editable_datasets(request.user), pk=dataset_id)
    changed = services.undo_fix(_finding(dataset, finding_id), user=request.user)
    here = reverse("datasets:doctor", args=[dataset.pk])
    if not changed:
        return refused(request, _("Nothing to undo: these samples have been changed since."), here)
    words = ngettext("Undone for %(n)d sample.", "Undone for %(n)d samples.", changed)
    return done(request, words % {"n": changed}, here)


@require_POST
def dismiss(request: HttpRequest, dataset_id: UUID, finding_id: int) -> HttpResponseBase:
    dataset = get_object_or_404(access.editable_datasets(request.user), pk=dataset_id)
    finding = _finding(dataset, finding_id)
    back = request.POST.get("back") == "1"
    services.dismiss(finding, dismissed=not back)
    here = reverse("datasets:doctor", args=[dataset.pk])
    if back:
        return done(request, _("No longer ignored."), here)
    undo = reverse("datasets:dismiss", args=[dataset.pk, finding.pk])
    return done(request, _("Ignored."), here, undo, {"back": "1"})


def _finding(dataset: Dataset, finding_id: int) -> Finding:
    mine = Finding.objects.filter(checkup__dataset=dataset).select_related("checkup__dataset__team")
    return get_object_or_404(mine, pk=finding_id)


def _card(finding: Finding) -> FindingCard:
    left = services.still_open(finding)
    return FindingCard(
        finding=finding,
        meaning=MEANINGS[finding.kind],
        count=len(finding.samples),
        open_count=len(left),
        covers=[item[0] for item in (left or finding.samples)[:COVERS]],
        facts=_facts(finding),
        can_fix=bool(left) and finding.kind not in BY_HAND,
        is_fixed=any(act.undone_at is None for act in finding.acts.all()),
    )


def _facts(finding: Finding) -> list[str]:
    """Returns the numbers of a finding as sentences."""
    facts: dict[str, Any] = finding.facts
    if finding.kind == FindingKind.DUPLICATES:
        words = ngettext("In %(n)d group.", "In %(n)d groups.", facts["groups"])
        across = ngettext(
            "%(n)d group spans several sources.", "%(n)d groups span several sources.", facts["across_sources"]
        )
        more = [across % {"n": facts["across_sources"]}] if facts["across_sources"] else []
        return [words % {"n": facts["groups"]}, *more]
    if finding.kind == FindingKind.UNBALANCED:
        words = _("“%(label)s” has %(count)d samples, “%(largest)s” has %(most)d. %(enough)d would be enough.")
        largest = {"largest": facts["largest_label"], "most": facts["largest_count"]}
        return [words % (each | largest) for each in facts["labels"]]
    if finding.kind == FindingKind.THIN:
        return [_thin_words(each) for each in facts["labels"]]
    return []


def _thin_words(each: dict[str, Any]) -> str:
    parts = []
    if each["count"] < each["enough"]:
        parts.append(_("%(count)d of at least %(enough)d samples") % each)
    if each["sources"] < each["enough_sources"]:
        parts.append(_("%(sources)d of at least %(enough_sources)d sources") % each)
    return f"{each['label']}: {' · '.join(parts) or _('almost all from one source')}"


def _items(dataset: Dataset, finding: Finding, items: list[list[Any]]) -> list[dict[str, Any]]:
    """Returns for the page: number, severity, the label it has, and the label or sample that it is like."""
    rows = dataset.samples.filter(number__in=[item[0] for item in items]).select_related("label")
    samples = {sample.number: sample for sample in rows}
    labels = Label.objects.filter(dataset=dataset).in_bulk()
    is_label = finding.kind in services.RELABELLED
    return [
        {
            "number": number,
            "percent": round(100 * severity),
            "label": samples[number].label,
            "better": labels.get(other) if is_label else None,
            "duplicate_of": None if is_label else other,
        }
        for number, severity, other in items
        if number in samples
    ]
