"""Networks: sizes by formula, the same in ONNX Runtime as in torch, faithful explanations."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch.nn import functional

from analysis.device import CPU, open_session
from analysis.frozen_features import (
    BATCH,
    EFFICIENTNET,
    FACE_LAYERS,
    FACE_PATTERNS,
    FACENET,
    FINDER,
    FINDER_LAYERS,
    PICTURE_LAYERS,
    PICTURE_LAYOUT,
    FrozenFeatures,
    FrozenNetwork,
    PooledLayer,
    grid_means,
)
from analysis.training.config import Recipe, defaults
from analysis.training.data.inputs import CLIP, FACE, PICTURE, Seen
from analysis.training.data.samples import read_training_data
from analysis.training.evaluation.explain import heat_of
from analysis.training.export import onnx_bytes, onnx_difference
from analysis.training.linear_probe.frozen_branches import FrozenBranches
from analysis.training.models.build import (
    BACKBONES,
    BRANCHES,
    Features,
    ModelSpec,
    adaptive_grid_means,
    build,
    features_inputs,
    outputs_for,
    parameter_count,
    resampled,
)
from analysis.training.models.efficientnet import STAGE_OF, EfficientNetLite0
from analysis.training.models.facenet import load_facenet, load_finder
from analysis.training.run_document import read_run
from analysis.training.train import train
from analysis.training.tune import tune
from analysis.weights import MOBILEFACENET, YUNET, verified_path
from tests.analysis.portraits import portrait
from tests.analysis.training.pictures import ignore, write_bars, write_stripes


@pytest.mark.parametrize(
    ("side", "labels", "left"),
    # 64 -> 62 -> 31 -> 29 -> 14, without padding, as Keras has it.
    [(64, 2, 14), (64, 5, 14), (48, 3, 10)],
)
def test_the_tutorials_network_has_the_articles_size(side: int, labels: int, left: int) -> None:
    outputs = outputs_for(labels)
    network = build(ModelSpec("tutorial", outputs, picture_size=side))
    convolutions, dense = (3 * 9 + 1) * 32 + (32 * 9 + 1) * 64, (64 * left**2 + 1) * 128
    assert parameter_count(network) == convolutions + dense + (128 + 1) * outputs


SPECS = [
    ModelSpec("tutorial", 3, picture_size=32),
    ModelSpec("finetune", 1, picture_size=64),
    ModelSpec("sequence", 3, (CLIP,), 32, 5),
]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.kind)
def test_onnx_gives_the_same_scores(spec: ModelSpec, tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = build(spec).eval()
    (tmp_path / "m.onnx").write_bytes(onnx_bytes(network, spec, 1.3))
    for count in (1, 5):
        views = [torch.randint(0, 256, (count, *spec.shape(view))).float() for view in spec.inputs]
        assert onnx_difference(network, spec.inputs, views, 1.3, tmp_path / "m.onnx") <= 1e-4


@pytest.mark.parametrize("branch", list(BRANCHES))
def test_onnx_gives_the_same_scores_for_frozen_branches(branch: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    inputs = features_inputs([branch])
    spec = ModelSpec("features", 3, inputs, 128, frames=4 if inputs == (CLIP,) else 0, branches=(branch,))
    view = torch.randint(0, 256, (2, *spec.shape(spec.inputs[0]))).float()
    length = Features(spec, 1).features(view).shape[1]
    network = Features(spec, length).eval()
    assert onnx_difference(network, spec.inputs, [view], 1.3, written(network, spec, tmp_path)) <= 1e-4


def written(network: Features, spec: ModelSpec, folder: Path) -> Path:
    path = folder / "m.onnx"
    path.write_bytes(onnx_bytes(network, spec, 1.3))
    return path


@pytest.mark.parametrize(("side", "cells"), [(14, 4), (7, 4), (8, 4), (5, 1)])
def test_grid_means_are_adaptive_averages(side: int, cells: int) -> None:
    x = torch.rand(2, 3, side, side + 1)
    expected = functional.adaptive_avg_pool2d(x, cells).flatten(1)
    assert torch.allclose(adaptive_grid_means(x, cells), expected, atol=1e-6)
    assert np.allclose(grid_means(x.numpy(), cells), expected.numpy(), atol=1e-6)


@pytest.mark.parametrize(("old", "new"), [(128, 112), (96, 112), (112, 112)])
def test_resampling_is_bilinear(old: int, new: int) -> None:
    x = torch.rand(1, 3, old, old)
    expected = functional.interpolate(x, (new, new), mode="bilinear", align_corners=False)
    assert torch.allclose(resampled(x, new), expected, atol=1e-4)


def test_the_face_network_in_torch_is_the_installed_one() -> None:
    faces = torch.rand(2, 3, 112, 112) * 255
    [expected] = open_session(verified_path(MOBILEFACENET), providers=[CPU]).run(
        None, {"input": ((faces - 127.5) / 128).numpy()}
    )
    with torch.inference_mode():
        found = load_facenet()(faces).numpy()
    assert np.allclose(found, expected, atol=1e-3)


def test_the_face_finder_in_torch_is_the_installed_one() -> None:
    """Where the installed one is sure of a face, the score made of the same maps is the same."""
    picture = torch.from_numpy(portrait("collins")[:256, :256].copy()).permute(2, 0, 1)[None].float()
    names = [f"{kind}_{stride}" for kind in ("cls", "obj") for stride in (8, 16, 32)]
    expected = open_session(verified_path(YUNET), providers=[CPU]).run(names, {"input": picture.numpy()})
    with torch.inference_mode():
        found = load_finder().maps(picture.flip(1), ["258", "260", "262", "270", "272", "274"])
    for logits, scores in zip(found, expected, strict=True):
        assert np.allclose(torch.sigmoid(logits).flatten().numpy(), scores.flatten(), atol=1e-4)
    assert max(scores.max() for scores in expected) > 0.5, "there is a face"


@pytest.mark.parametrize(
    ("network", "layers", "sides"),
    [
        # 112 and 96 pixels become maps of 14 and 7, of 6 and 3 cells: four and two do not divide them.
        (FACENET, (FACE_PATTERNS, *FACE_LAYERS), (112, 112)),
        (EFFICIENTNET, (PICTURE_LAYOUT[0], *PICTURE_LAYERS), (112, 96)),
        (FINDER, FINDER_LAYERS, (96, 160)),
    ],
    ids=["facenet", "efficientnet", "finder"],
)
def test_what_is_extracted_is_what_torch_has_at_these_layers(
    network: FrozenNetwork, layers: tuple[PooledLayer, ...], sides: tuple[int, int]
) -> None:
    pictures = torch.randint(0, 256, (BATCH + 1, 3, *sides))
    names = [layer.name for layer in layers]
    backbone = BACKBONES[network]().eval()
    with torch.inference_mode():
        if isinstance(backbone, EfficientNetLite0):
            maps = backbone.maps(pictures.float(), tuple(STAGE_OF[name] for name in names))
        else:
            maps = backbone.maps(pictures.float(), names)
    found = FrozenFeatures(network, layers).means(pictures.numpy())
    for means, in_torch, layer in zip(found, maps, layers, strict=True):
        expected = functional.adaptive_avg_pool2d(in_torch, layer.cells).flatten(1).numpy()
        assert means.shape == expected.shape
        assert np.abs(means - expected).max() < 1e-3 * np.abs(expected).max()


@pytest.mark.parametrize("side", [128, 96])
@pytest.mark.parametrize("branch", list(BRANCHES))
def test_heads_are_fitted_on_what_the_exported_network_computes(branch: str, side: int) -> None:
    inputs = features_inputs([branch])
    spec = ModelSpec("features", 3, inputs, side, frames=4 if inputs == (CLIP,) else 0, branches=(branch,))
    view = torch.randint(0, 256, (2, *spec.shape(inputs[0])))
    with torch.inference_mode():
        expected = Features(spec, 1).eval().features(view.float())
    found = FrozenBranches([branch], torch.device("cpu")).features([view])
    assert found.shape == expected.shape
    assert (found - expected).abs().max() < 1e-3 * expected.abs().max()


def test_heat_lies_where_the_difference_is() -> None:
    """A network that counts bright red looks at the red square, wherever it is."""
    network = build(ModelSpec("tutorial", 1, picture_size=32)).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        network.conv1.weight[0, 0] = 1  # type: ignore[operator, union-attr]
        network.conv2.weight[0, 0] = 1  # type: ignore[operator, union-attr]
        network.dense.weight[0, :36] = 1  # type: ignore[union-attr, operator]
        network.head.weight[0, 0] = 1  # type: ignore[union-attr, operator]
    for x, y in ((4, 4), (20, 6), (10, 18)):
        picture = np.zeros((32, 32, 3), np.uint8)
        picture[y : y + 8, x : x + 8, 0] = 255
        heat = heat_of(network, (PICTURE,), Seen(picture_rgb=picture), 1).place
        top, left = np.unravel_index(heat.argmax(), heat.shape)
        assert x - 2 <= left < x + 10
        assert y - 2 <= top < y + 10


def portraits(folder: Path, count: int) -> Path:
    """Two people in changing light and size, one label each."""
    random = np.random.default_rng(0)
    for name, (top, left, side) in {"collins": (0, 100, 250), "hopper": (60, 80, 380)}.items():
        (folder / name).mkdir(parents=True)
        cut = portrait(name)[top : top + side, left : left + side].astype(float)
        for n in range(count):
            light = np.clip(cut * random.uniform(0.6, 1.2) + random.uniform(-20, 20), 0, 255).astype(np.uint8)
            cv2.imwrite(str(folder / name / f"{n}x.png"), light[n:, n:])
    lines = [f"{path.relative_to(folder).as_posix()},{path}" for path in folder.rglob("*.png")]
    (folder / "sources.csv").write_text("\n".join(["file,source", *lines]))
    return folder


@pytest.mark.parametrize("recipe", [Recipe.AUTO, Recipe.FACE_HEAD])
def test_heads_tell_two_people_apart_and_say_why(recipe: Recipe, tmp_path: Path) -> None:
    data = read_training_data(portraits(tmp_path / "data", 6))
    result = train(defaults(recipe, threads=1, folds=2), data, tmp_path / "out", ignore)
    assert result.run["validation"]["accuracy"] == 1
    assert result.run["onnx_difference"] <= 1e-4
    assert result.run["split"]["folds"] == 2
    assert result.run["why"].endswith(".")
    assert (FACE in result.run["model"]["inputs"]) or recipe is Recipe.AUTO
    assert read_run(tmp_path / "out" / "run.json")["features"] == result.run["features"]


def test_a_sequence_is_learned_from_clips(tmp_path: Path) -> None:
    data = read_training_data(write_bars(tmp_path / "data", 6))
    config = defaults(Recipe.SEQUENCE, epochs=2, frames=6, picture_size=32, threads=1)
    result = train(config, data, tmp_path / "out", ignore)
    assert result.run["chosen_recipe"] == "sequence"
    assert result.run["onnx_difference"] <= 1e-4
    assert len(result.run["history"]) == 2


def test_a_search_is_stored_and_goes_on(tmp_path: Path) -> None:
    data = read_training_data(write_stripes(tmp_path / "data", 8))
    config = defaults(Recipe.TUTORIAL, epochs=2, picture_size=16, threads=1)
    first = tune(config, data, tmp_path / "out", 2, ignore)
    assert first["trials"] == 2
    second = tune(config, data, tmp_path / "out", 3, ignore)
    assert second["trials"] == 3
    assert second["all"][:2] == first["all"]
    assert second["best_loss"] <= first["best_loss"]
