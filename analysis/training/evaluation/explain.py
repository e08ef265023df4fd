"""Which parts of a picture or clip speak for a label.

The product of activation and slope of each place of an inner map, summed over its channels (HiResCAM, Draelos and
Carin, 2020). For a network that averages its last map this is Grad-CAM; for the others it stays true to the place.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from analysis.errors import BadTrainingConfig
from analysis.training.checkpoint import load_tensors
from analysis.training.data.inputs import CLIP, FACE, PICTURE, Seen, see
from analysis.training.data.samples import TrainingSample
from analysis.training.model_folder import MODEL, verified_file, write_whole
from analysis.training.models import build as networks
from analysis.training.predict import LoadedModel, network_view
from analysis.types import Float32, Image

HEAT_SHARE = 0.5
"""Of the colours in the drawn picture."""
SMALLEST_DRAWN_PX = 256


@dataclass(frozen=True, slots=True)
class Heat:
    """`place` `(side, side)` 0..1 over the view; `over_time` `(frames,)` 0..1 for clips, else one 1."""

    view: str
    place: Float32
    over_time: Float32


@dataclass(frozen=True, slots=True)
class Explained:
    """The label that was explained, its score and what speaks for it."""

    label: str
    score: float
    heat: Heat


def load_network(model: LoadedModel) -> nn.Module:
    """Returns the torch network of a model folder; raises DamagedModel."""
    path = verified_file(model.folder, MODEL, model.run)
    document = load_tensors(path)
    return networks.build(networks.ModelSpec.from_json(document["spec"]), document["state"]).eval()


def explain_file(model: LoadedModel, file: Path, out: Path, label: str | None = None) -> Explained:
    """Writes the picture with its heat as PNG; raises BadTrainingConfig for a label the model does not know."""
    if label is not None and label not in model.labels:
        raise BadTrainingConfig(f"label: expected one of {', '.join(model.labels)}, got {label}")
    seen = see(TrainingSample(file, ""), model.input_spec)
    scores = model.scores([seen])
    predicted = label or model.decide(scores)[0]
    number = model.labels.index(predicted)
    heat = heat_of(load_network(model), model.inputs, seen, number)
    encoded = cv2.imencode(".png", drawn(seen, heat))[1]
    write_whole(out, encoded.tobytes())
    return Explained(predicted, float(scores[0, number]), heat)


def heat_of(network: nn.Module, inputs: tuple[str, ...], seen: Seen, label: int) -> Heat:
    """Returns the heat for one sample, in its most telling view: the clip, the whole picture, or the face."""
    views = [torch.from_numpy(network_view([seen], view)).requires_grad_() for view in inputs]
    shown = next(view for view in (CLIP, PICTURE, FACE) if view in inputs)
    maps, logits = maps_and_logits(network, views, shown)
    towards = logits[0, 0] * (1 if label else -1) if logits.shape[1] == 1 else logits[0, label] - logits[0].mean()
    slopes = torch.autograd.grad(towards, maps)
    side = views[inputs.index(shown)].shape[-1]
    total = torch.zeros(maps[0].shape[0], 1, side, side)
    for activation, slope in zip(maps, slopes, strict=True):
        here = (activation * slope).sum(1, keepdim=True).detach()
        # Values are shares of the whole effect: a coarse map's place stands for more pixels.
        here = here * (here.shape[-1] * here.shape[-2]) / side**2
        total += functional.interpolate(here, (side, side), mode="bilinear", align_corners=False)
    positive = total[:, 0].clamp_min(0).numpy()
    over_time = positive.sum((1, 2))
    place = positive.mean(0)
    return Heat(
        shown,
        (place / max(float(place.max()), 1e-12)).astype(np.float32),
        (over_time / max(float(over_time.max()), 1e-12)).astype(np.float32),
    )


def maps_and_logits(network: nn.Module, views: list[Tensor], shown: str) -> tuple[list[Tensor], Tensor]:
    """Returns inner maps `(n or frames, channels, h, w)` of the branches that see the view, and the logits."""
    kept: list[Tensor] = []

    def keep(_: nn.Module, __: object, output: Tensor) -> None:
        kept.append(output)

    if isinstance(network, networks.Features):
        return _feature_maps(network, views, shown)
    if isinstance(network, networks.Tutorial):
        layer: nn.Module = network.conv2
    elif isinstance(network, networks.Finetune):
        layer = network.backbone._bn1
    elif isinstance(network, networks.ClipNetwork):
        layer = network.frame_network
    else:
        raise TypeError(f"no inner map is known of {type(network).__name__}")
    handle = layer.register_forward_hook(keep)
    try:
        logits: Tensor = network(*views)
    finally:
        handle.remove()
    return kept, logits


def _feature_maps(network: networks.Features, views: list[Tensor], shown: str) -> tuple[list[Tensor], Tensor]:
    given = dict(zip(network.inputs, views, strict=True))
    maps: list[Tensor] = []
    blocks: list[Tensor] = []
    for branch in network.branches:
        assert isinstance(branch, networks.Branch)
        found = branch.maps(given[branch.spec.view])
        blocks += branch.pooled(found, networks.frames_of(given[branch.spec.view]))
        if branch.spec.view == shown:
            maps += found
    return maps, network.logits_from(torch.cat(blocks, 1))


def as_seen(seen: Seen, view: str, frame: int) -> Image:
    """Returns what the network saw as that view, of a clip this frame; BGR, at least `SMALLEST_DRAWN_PX` large."""
    if view == CLIP:
        assert seen.clip_rgb is not None
        image_rgb = seen.clip_rgb[frame]
    else:
        whole = seen.picture_rgb if view == PICTURE else seen.face_rgb
        assert whole is not None
        image_rgb = whole
    side = max(SMALLEST_DRAWN_PX, image_rgb.shape[0])
    return np.asarray(cv2.resize(image_rgb[..., ::-1], (side, side), interpolation=cv2.INTER_CUBIC), np.uint8)


def drawn(seen: Seen, heat: Heat) -> Image:
    """Returns the view with colours where the heat is, BGR; of a clip its most telling frame."""
    picture_bgr = as_seen(seen, heat.view, int(heat.over_time.argmax()))
    side = picture_bgr.shape[0]
    levels = cv2.resize(heat.place, (side, side), interpolation=cv2.INTER_LINEAR)
    colours = cv2.applyColorMap((levels * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)
    share = HEAT_SHARE * levels[..., None]
    blended: Image = np.rint(picture_bgr * (1 - share) + colours * share).astype(np.uint8)
    return blended
