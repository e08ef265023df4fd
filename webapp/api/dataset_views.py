"""Datasets, their samples and their versions."""

from uuid import UUID

from django.db.models import Count
from django.shortcuts import get_object_or_404
from ninja import Query, Router

from webapp import access
from webapp.accounts.request_types import SignedInRequest
from webapp.api.cursor_queries import page_of_rows
from webapp.api.learning_formats import dataset_out, sample_out, version_out
from webapp.api.learning_types import DatasetOut, SampleOut, SampleQuery, VersionOut
from webapp.api.resource_types import Paged, PageQuery
from webapp.datasets import queries
from webapp.datasets.models import Dataset

router = Router(tags=["Datasets"])
NEWEST_FIRST = ("-created_at", "pk")
BY_NUMBER = ("number",)


def _seen(request: SignedInRequest, dataset_id: UUID) -> Dataset:
    return get_object_or_404(access.visible_datasets(request.user).prefetch_related("labels"), pk=dataset_id)


@router.get("/datasets", response=Paged[DatasetOut], operation_id="list_datasets", summary="List datasets")
def list_datasets(request: SignedInRequest, query: Query[PageQuery]) -> Paged[DatasetOut]:
    """Lists the datasets of the team, newest first."""
    datasets = access.visible_datasets(request.user).prefetch_related("labels")
    rows, more = page_of_rows(datasets, NEWEST_FIRST, query.cursor, query.limit)
    return Paged[DatasetOut](items=[dataset_out(each) for each in rows], next_cursor=more)


@router.get("/datasets/{uuid:dataset_id}", response=DatasetOut, operation_id="get_dataset", summary="Read a dataset")
def get_dataset(request: SignedInRequest, dataset_id: UUID) -> DatasetOut:
    """Reads a dataset, with its labels in their order."""
    return dataset_out(_seen(request, dataset_id))


@router.get(
    "/datasets/{uuid:dataset_id}/samples",
    response=Paged[SampleOut],
    operation_id="list_samples",
    summary="List the samples of a dataset",
)
def list_samples(request: SignedInRequest, dataset_id: UUID, query: Query[SampleQuery]) -> Paged[SampleOut]:
    """Lists the samples of a dataset as they are now, by their numbers."""
    samples = queries.samples_of(_seen(request, dataset_id)).select_related("label")
    if query.label is not None:
        samples = samples.filter(label__name=query.label)
    if query.labelled is not None:
        samples = samples.filter(label__isnull=not query.labelled)
    rows, more = page_of_rows(samples, BY_NUMBER, query.cursor, query.limit)
    return Paged[SampleOut](items=[sample_out(each) for each in rows], next_cursor=more)


@router.get(
    "/datasets/{uuid:dataset_id}/versions",
    response=Paged[VersionOut],
    operation_id="list_versions",
    summary="List the versions of a dataset",
)
def list_versions(request: SignedInRequest, dataset_id: UUID, query: Query[PageQuery]) -> Paged[VersionOut]:
    """Lists the frozen states of a dataset, newest first. One of them is what a run trains on."""
    versions = access.visible_versions(request.user).filter(dataset=_seen(request, dataset_id))
    rows, more = page_of_rows(versions, ("-number",), query.cursor, query.limit)
    kept = versions.filter(pk__in=[each.pk for each in rows]).annotate(size=Count("samples"))
    sizes = dict(kept.values_list("pk", "size"))
    return Paged[VersionOut](items=[version_out(each, sizes[each.pk]) for each in rows], next_cursor=more)
