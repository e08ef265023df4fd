"""The label grid: its page, what it fetches while one looks around, and labelling acts with their undo."""

from dataclasses import asdict
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from webapp import access
from webapp.accounts.request_types import SignedInRequest
from webapp.datasets.labelling import forms, queries, services
from webapp.datasets.measuring import services as measuring
from webapp.datasets.models import ActKind, LabellingAct
from webapp.datasets.page_context import head_context
from webapp.http.body_limit_middleware import takes_bodies_of
from webapp.http.list_words import sentences
from webapp.http.responses import done, refused, wants_json
from webapp.hues import HUES

MOST_ACT_BYTES = 4 * 1024**2
"""100,000 samples in no order take about 2 MB."""


@require_GET
def page(request: HttpRequest, dataset_id: UUID) -> HttpResponse:
    dataset = get_object_or_404(access.visible_datasets(request.user), pk=dataset_id)
    filters = queries.read_filters(request.GET)
    head = head_context(request, dataset)
    context = head | {
        "filters": filters,
        "fitting": queries.fitting(dataset, filters).count() if filters.any else head["overview"].count,
        "uncertain": queries.uncertain(dataset).count(),
        "chosen_label": dataset.labels.filter(pk=filters.label).first() if filters.label else None,
        "chosen_video": queries.chosen_video(filters, dataset),
        "chosen_import": queries.chosen_import(filters, dataset),
        "sizes": [("small", _("Small pictures")), ("medium", _("Medium pictures")), ("large", _("Large pictures"))],
        "hues": range(HUES),
    }
    return render(request, "datasets/grid.html", context)


@require_GET
def labels(request: HttpRequest, dataset_id: UUID) -> HttpResponse:
    """Renders the list of labels again after one was added, renamed or deleted."""
    dataset = get_object_or_404(access.visible_datasets(request.user), pk=dataset_id)
    context = head_context(request, dataset) | {"filters": queries.read_filters(request.GET)}
    return render(request, "datasets/_labels.html", context)


@require_GET
def numbers(request: HttpRequest, dataset_id: UUID) -> HttpResponse:
    """Returns all samples that fit the filters, in order, with revisions; the page keeps them while one labels.

    With `since` only those with higher numbers: what came after the page had looked.
    """
    dataset = get_object_or_404(access.visible_datasets(request.user), pk=dataset_id)
    fitting = queries.fitting(dataset, queries.read_filters(request.GET))
    found = fitting.filter(number__gt=queries.read_since(request.GET)).values_list("number", "revision")
    # The last number was read before the samples: one that comes in between is in the list, never passed over.
    return JsonResponse({"runs": queries.runs_of(found.iterator(queries.MOST_ROWS * 20)), "last": dataset.last_number})


@require_GET
def rows(request: HttpRequest, dataset_id: UUID) -> HttpResponse:
    dataset = get_object_or_404(access.visible_datasets(request.user), pk=dataset_id)
    try:
        requested = queries.read_numbers(request.GET.get("numbers", ""))
    except ValueError:
        return JsonResponse({"error": _("These samples could not be loaded. Reload the page.")}, status=400)
    return JsonResponse({"rows": queries.rows(dataset, requested)})


@require_GET
def counts(request: HttpRequest, dataset_id: UUID) -> HttpResponse:
    """Returns how many have each label, how many fit the filters, and how many of these came `since` a number."""
    dataset = get_object_or_404(access.visible_datasets(request.user), pk=dataset_id)
    filters = queries.read_filters(request.GET)
    numbers = queries.counts(dataset)
    fits = queries.fitting(dataset, filters).count() if filters.any else numbers.all
    since = queries.read_since(request.GET)
    arrived = queries.fitting(dataset, filters).filter(number__gt=since).count() if since < dataset.last_number else 0
    return JsonResponse(asdict(numbers) | {"fits": fits, "arrived": arrived})


@require_GET
def videos(request: HttpRequest, dataset_id: UUID) -> HttpResponse:
    """Renders videos to filter by, as links."""
    dataset = get_object_or_404(access.visible_datasets(request.user), pk=dataset_id)
    found = queries.videos_of(dataset, request.GET.get("words", "")[:200])
    return render(request, "datasets/_video_choices.html", {"dataset": dataset, "videos": found})


@takes_bodies_of(MOST_ACT_BYTES)
@require_POST
def act(request: SignedInRequest, dataset_id: UUID) -> HttpResponseBase:
    dataset = get_object_or_404(access.editable_datasets(request.user), pk=dataset_id)
    here = reverse("datasets:grid", args=[dataset.pk])
    try:
        # Not `request.body`: Django allows that less than 100,000 picked samples may take.
        requested = forms.read(request.read(MOST_ACT_BYTES), dataset)
    except forms.InvalidRequest:
        return refused(request, _("That did not work. Reload the page and try again."), here, status=400)
    outcome = forms.carry_out(requested, dataset, request.user)
    if outcome.act is not None and outcome.act.kind == ActKind.LABEL:
        measuring.request_suggestions(dataset)
    undo_url = reverse("datasets:undo_act", args=[dataset.pk, outcome.act.pk]) if outcome.act else ""
    words = forms.sentence(requested, outcome)
    refusal = forms.refusal(dataset, outcome.refused, request.user)
    return JsonResponse(forms.answer(words, refusal, outcome, undo_url))


@require_POST
def undo(request: SignedInRequest, dataset_id: UUID, act_id: UUID) -> HttpResponseBase:
    dataset = get_object_or_404(access.editable_datasets(request.user), pk=dataset_id)
    undone = get_object_or_404(LabellingAct.objects.select_related("dataset"), pk=act_id, dataset=dataset)
    outcome = services.undo(undone, user=request.user)
    n = len(outcome.changed)
    words = ngettext("Undone for %(n)d sample.", "Undone for %(n)d samples.", n) % {"n": n} if n else ""
    if outcome.act is None:
        words = _("Already undone.")
    refusal = forms.refusal(dataset, outcome.refused, request.user)
    if not wants_json(request):
        return done(request, sentences(words, refusal), reverse("datasets:grid", args=[dataset.pk]))
    return JsonResponse(forms.answer(words, refusal, outcome, "") | {"undo": None})
