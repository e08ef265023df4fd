"""Pages about datasets as a whole: list, create, change, delete, labels."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from webapp import access, deleted
from webapp.accounts.context_processors import managed_team, team_of
from webapp.accounts.request_types import SignedInRequest
from webapp.datasets import queries, services
from webapp.datasets.forms import KIND_WORDS, DatasetForm, LabelForm, NewDatasetForm
from webapp.datasets.importing import sample_dataset_services
from webapp.datasets.models import DatasetKind, Label
from webapp.datasets.page_context import head_context
from webapp.http.responses import done, refused
from webapp.jobs.idempotency_responses import starts_work
from webapp.undo_period import UNDO_PERIOD


@require_GET
def dataset_list(request: HttpRequest) -> HttpResponse:
    team = team_of(request)
    datasets = access.visible_datasets(request.user).filter(team=team)
    can_manage = team is not None and access.manageable_teams(request.user).filter(pk=team.pk).exists()
    page = queries.page_of_cards(datasets, request.GET.get("page"))
    context = {"page": page, "can_manage": can_manage, "deleted": deleted.how_many(request.user, team)}
    return render(request, "datasets/list.html", context)


@require_http_methods(["GET", "POST"])
def create(request: SignedInRequest) -> HttpResponse:
    team = managed_team(request)
    form = NewDatasetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        dataset = services.create_dataset(team=team, user=request.user, **form.cleaned_data)
        return HttpResponseRedirect(reverse("datasets:fill", args=[dataset.pk]))
    kinds = [(kind.value, str(kind.label), str(KIND_WORDS[kind])) for kind in DatasetKind]
    return render(request, "datasets/create.html", {"form": form, "kinds": kinds}, status=400 if form.errors else 200)


@require_POST
@starts_work
def sample(request: SignedInRequest) -> HttpResponseBase:
    """Starts the team's sample dataset, which a worker fills."""
    team = managed_team(request)
    dataset = sample_dataset_services.begin_sample_dataset(team=team, user=request.user)
    words = _("Creating the sample dataset. Its pictures will appear here in a moment.")
    return done(request, words, reverse("datasets:grid", args=[dataset.pk]))


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, dataset_id: UUID) -> HttpResponseBase:
    dataset = get_object_or_404(access.manageable_datasets(request.user), pk=dataset_id)
    first = {"keeps_samples": "yes" if dataset.keeps_samples else "no"}
    form = DatasetForm(request.POST or None, instance=dataset, initial=first)
    if request.method == "POST" and form.is_valid():
        services.edit_dataset(dataset, **form.cleaned_data)
        return done(request, _("Changes saved."), reverse("datasets:grid", args=[dataset.pk]))
    context = head_context(request, dataset) | {"form": form}
    return render(request, "datasets/edit.html", context, status=400 if form.errors else 200)


@require_POST
def delete(request: SignedInRequest, dataset_id: UUID) -> HttpResponseBase:
    dataset = get_object_or_404(access.manageable_datasets(request.user), pk=dataset_id)
    services.delete_dataset(dataset, user=request.user)
    words = _("Deleted “%(name)s”. You can restore it for %(minutes)d minutes.")
    values = {"name": dataset.name, "minutes": UNDO_PERIOD.total_seconds() // 60}
    return done(request, words % values, reverse("datasets:list"), reverse("datasets:restore", args=[dataset.pk]))


@require_POST
def restore(request: SignedInRequest, dataset_id: UUID) -> HttpResponseBase:
    dataset = get_object_or_404(access.restorable_datasets(request.user), pk=dataset_id)
    services.restore_dataset(dataset, user=request.user)
    return done(request, _("Restored “%(name)s”.") % {"name": dataset.name}, reverse("datasets:list"))


@require_POST
def add_label(request: HttpRequest, dataset_id: UUID) -> HttpResponseBase:
    dataset = get_object_or_404(access.editable_datasets(request.user), pk=dataset_id)
    here = reverse("datasets:grid", args=[dataset.pk])
    form = LabelForm(request.POST)
    if not form.is_valid():
        return refused(request, _("Enter a name of at most 80 characters."), here, status=400)
    try:
        label = services.label_called(dataset, form.cleaned_data["name"])
    except services.TooManyLabels:
        return refused(
            request, _("This dataset already has the maximum number of labels. Delete one to add another."), here
        )
    return done(request, _("Added the label “%(name)s”.") % {"name": label.name}, here)


@require_POST
def edit_label(request: HttpRequest, dataset_id: UUID, label_id: int) -> HttpResponseBase:
    label = _label(request, dataset_id, label_id)
    here = reverse("datasets:grid", args=[dataset_id])
    form = LabelForm(request.POST)
    if not form.is_valid():
        return refused(
            request,
            _("Enter a name. The keyboard shortcut must be a digit or a lower-case letter, except s, t, u and x."),
            here,
            status=400,
        )
    before = {"name": label.name, "hue": str(label.hue), "key": label.key}
    try:
        services.edit_label(label, **form.cleaned_data)
    except services.NameTaken:
        return refused(
            request, _("There is already a label “%(name)s”. Choose another name.") % form.cleaned_data, here
        )
    undo = reverse("datasets:edit_label", args=[dataset_id, label_id])
    return done(request, _("Saved “%(name)s”.") % form.cleaned_data, here, undo, before)


@require_POST
def remove_label(request: HttpRequest, dataset_id: UUID, label_id: int) -> HttpResponseBase:
    label = _label(request, dataset_id, label_id)
    here = reverse("datasets:grid", args=[dataset_id])
    if not services.remove_label(label):
        words = _("“%(name)s” still has samples. Relabel them first.")
        return refused(request, words % {"name": label.name}, here)
    undo = reverse("datasets:add_label", args=[dataset_id])
    return done(request, _("Deleted the label “%(name)s”.") % {"name": label.name}, here, undo, {"name": label.name})


def _label(request: HttpRequest, dataset_id: UUID, label_id: int) -> Label:
    editable = access.editable_datasets(request.user).filter(pk=dataset_id)
    return get_object_or_404(Label.objects.filter(dataset__in=editable), pk=label_id)
