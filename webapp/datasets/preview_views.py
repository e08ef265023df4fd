"""The page that shows samples as a network will see them, with sliders for what training changes at random."""

from dataclasses import asdict
from uuid import UUID

import numpy as np
from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from analysis.training.config import Augmentation
from analysis.training.data.augmentation_strengths import TRAINED_WITH, Strengths
from webapp import access, storage
from webapp.accounts.request_limit_middleware import asked_often
from webapp.datasets import queries
from webapp.datasets.augmentation_words import AUGMENTATION_WORDS
from webapp.datasets.models import Dataset
from webapp.datasets.page_context import head_context

ROWS = 6
"""Samples shown, spread over the dataset."""
VARIANTS = 6
"""Pictures of each sample; the first is unchanged."""
SIDES = {64: _("64 × 64 (small network)"), 112: _("112 × 112 (faces)"), 224: _("224 × 224 (large network)")}
PREVIEW_AGE_S = 3600
USUAL = Augmentation.LIGHT
"""How much training changes pictures where the page has not been asked for anything else."""
STRENGTHS = {
    "flip": (_("Mirror"), _("Swaps left and right. Not for text or anything with a direction.")),
    "move": (_("Move and crop"), _("Turns, shifts and scales, so that position does not matter.")),
    "colour": (_("Light and colour"), _("Changes brightness, contrast and tint.")),
    "blur": (_("Blur"), _("Slightly out of focus.")),
    "noise": (_("Noise"), _("Grain, as in dim light.")),
    "cover": (_("Cover"), _("Blacks out a part, so that no single part decides.")),
}


class PreviewForm(forms.Form):
    """What the address of the page and of each picture says; nonsense is replaced by the default."""

    side = forms.TypedChoiceField(choices=list(SIDES.items()), coerce=int, required=False)
    seed = forms.IntegerField(min_value=0, max_value=2**31 - 1, required=False)

    def __init__(self, query: QueryDict) -> None:
        super().__init__(query)
        self.fields |= {name: forms.FloatField(min_value=0, max_value=1, required=False) for name in STRENGTHS}

    def chosen(self) -> dict[str, float]:
        self.is_valid()
        chosen: dict[str, float] = {"side": self.cleaned_data.get("side") or 112}
        chosen["seed"] = self.cleaned_data.get("seed") or 0
        for name in STRENGTHS:
            value = self.cleaned_data.get(name)
            chosen[name] = getattr(TRAINED_WITH[USUAL], name) if value is None else value
        return chosen


@require_GET
def preview(request: HttpRequest, dataset_id: UUID) -> HttpResponse:
    dataset = get_object_or_404(access.visible_datasets(request.user), pk=dataset_id)
    chosen = PreviewForm(request.GET).chosen()
    sliders = [(name, words, meaning, chosen[name]) for name, (words, meaning) in STRENGTHS.items()]
    context = head_context(request, dataset) | {
        "chosen": chosen,
        "sliders": sliders,
        "sides": [(side, words, side == chosen["side"]) for side, words in SIDES.items()],
        "numbers": _spread(dataset),
        "trainings": [
            (words, _query(chosen | asdict(TRAINED_WITH[Augmentation(way)])))
            for way, words in AUGMENTATION_WORDS.items()
        ],
        "query": _query(chosen),
    }
    return render(request, "datasets/preview.html", context)


def _query(chosen: dict[str, float]) -> str:
    return "&".join(f"{name}={value:g}" for name, value in chosen.items())


def _spread(dataset: Dataset) -> list[int]:
    numbers = list(queries.samples_of(dataset).order_by("number").values_list("number", flat=True)[:20_000])
    step = max(1, len(numbers) // ROWS)
    return numbers[::step][:ROWS]


@asked_often
@require_GET
def preview_picture(request: HttpRequest, dataset_id: UUID, number: int) -> HttpResponse:
    """Draws a sample several times side by side, from the stored thumbnail: our own JPEG, never an upload."""
    dataset = get_object_or_404(access.visible_datasets(request.user), pk=dataset_id)
    sample = get_object_or_404(queries.samples_of(dataset), number=number)
    chosen = PreviewForm(request.GET).chosen()
    content = _variants_png(storage.read_bytes(sample.thumbnail_key), chosen)
    response = HttpResponse(content, content_type="image/png")
    response["Cache-Control"] = f"private, max-age={PREVIEW_AGE_S}"
    return response


def _variants_png(jpeg: bytes, chosen: dict[str, float]) -> bytes:
    """Returns a PNG of the picture unchanged and `VARIANTS - 1` times changed at random, side by side."""
    import cv2  # deferred: loads cv2

    from analysis.doctor.preview import network_view  # deferred: loads cv2
    from analysis.images.read import decode_picture  # deferred: loads cv2

    image_bgr = decode_picture(jpeg, "thumbnail")
    strengths = Strengths(**{name: chosen[name] for name in STRENGTHS})
    side, seed = int(chosen["side"]), int(chosen["seed"])
    variants = [network_view(image_bgr, side).shown_bgr]
    variants += [network_view(image_bgr, side, strengths, seed=seed + n).shown_bgr for n in range(1, VARIANTS)]
    return bytes(cv2.imencode(".png", np.concatenate(variants, axis=1))[1])
