"""What a model predicts for each held-out sample, what a page shows of an explanation, and what the card tells."""

import csv
import json
import re
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from analysis.errors import BadTrainingConfig, DamagedModel, UnreadablePicture
from analysis.training.config import Device, Recipe, defaults
from analysis.training.data.samples import SplitPart, TrainingData, read_training_data
from analysis.training.evaluation.card_words import WORDS
from analysis.training.evaluation.explain import load_network
from analysis.training.evaluation.explanation_images import average_of, explain_sample, heat_png, largest_face
from analysis.training.evaluation.model_card import card_of
from analysis.training.evaluation.predictions_csv import (
    SamplePrediction,
    predictions_as_csv,
    predictions_of,
    read_predictions,
)
from analysis.training.predict import load_model
from analysis.training.train import TrainingResult, train
from analysis.weights import sha256_of
from tests.analysis.training.pictures import ignore, write_bars, write_stripes
from tests.present import present


def small(recipe: Recipe, **more: object) -> object:
    return defaults(recipe, **{"epochs": 5, "device": Device.CPU, "threads": 1, **more})


def sourced(data: TrainingData) -> TrainingData:
    return TrainingData(data.labels, tuple(replace(sample, source=sample.path.name) for sample in data.samples))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> TrainingResult:
    """Stripes, with a test part."""
    root = tmp_path_factory.mktemp("stripes")
    learn, test = write_stripes(root / "data", 24), write_stripes(root / "test", 8, first_seed=1000)
    data = sourced(read_training_data(learn, test))
    return train(small(Recipe.TUTORIAL, picture_size=24), data, root / "model", ignore)  # type: ignore[arg-type]


def test_every_checked_and_tested_sample_is_listed_once(trained: TrainingResult) -> None:
    run = trained.run
    lines = list(read_predictions(trained.folder / "judged.csv", run["labels"]))
    assert len({line.file for line in lines}) == len(lines)
    for part, figures in ((SplitPart.VALIDATION, run["validation"]), (SplitPart.TEST, run["test"])):
        mine = [line for line in lines if line.part == part]
        table = np.zeros((2, 2), int)
        for line in mine:
            table[run["labels"].index(line.target), run["labels"].index(line.predicted)] += 1
        assert table.tolist() == present(figures)["confusion"], "the list and the figures say the same"
    assert run["files"]["judged.csv"] == sha256_of(trained.folder / "judged.csv")


def test_its_scores_are_those_of_the_exported_model(trained: TrainingResult) -> None:
    from analysis.training.predict import predict_files

    model = load_model(trained.folder)
    lines = list(read_predictions(trained.folder / "judged.csv", model.labels))
    entries, _ = predict_files(model, [Path(line.file) for line in lines])
    for line, entry in zip(lines, entries, strict=True):
        assert entry["label"] == line.predicted
        assert list(entry["scores"].values()) == pytest.approx(list(line.scores), abs=2e-4)
        assert line.certainty == pytest.approx(line.scores[model.labels.index(line.predicted)])


def test_a_list_survives_any_label_and_name(tmp_path: Path) -> None:
    labels = ["file", 'a "b", c', "笑"]
    lines = [SamplePrediction("x,y.png", SplitPart.TEST, labels[1], labels[2], 0.5, (0.25, 0.25, 0.5))]
    path = tmp_path / "judged.csv"
    path.write_text(predictions_as_csv(labels, lines))
    assert list(read_predictions(path, labels)) == lines
    assert next(csv.reader(path.open()))[:5] == ["file", "part", "label", "said", "certainty"]
    assert predictions_of([], SplitPart.TEST, np.zeros((0, 3)), 0.5, labels) == []


@pytest.mark.parametrize("content", ["", "file,part\n", "file,part,label,said,certainty,a,b\nx,nowhere,a,b,1,0,1\n"])
def test_a_list_of_another_kind_is_damaged(tmp_path: Path, content: str) -> None:
    path = tmp_path / "judged.csv"
    path.write_text(content)
    with pytest.raises(DamagedModel):
        list(read_predictions(path, ["a", "b"]))
    with pytest.raises(DamagedModel):
        list(read_predictions(tmp_path / "nothing.csv", ["a", "b"]))


def test_a_look_brings_picture_heat_and_scores(trained: TrainingResult, tmp_path: Path) -> None:
    model = load_model(trained.folder)
    network = load_network(model)
    file = tmp_path / "wide.png"
    cv2.imwrite(str(file), np.full((40, 1000, 3), 120, np.uint8))
    explained = explain_sample(model, network, file)
    assert explained.label == explained.predicted
    assert sum(explained.scores.values()) == pytest.approx(1, abs=1e-3)
    picture = present(cv2.imdecode(np.frombuffer(explained.picture_jpeg, np.uint8), cv2.IMREAD_UNCHANGED))
    assert picture.shape[:2] == (26, 640), "in its own shape"
    heat = present(cv2.imdecode(np.frombuffer(explained.heat_png, np.uint8), cv2.IMREAD_UNCHANGED))
    assert heat.shape == (256, 256, 4)
    assert (explained.over_time, explained.frames_jpeg) == ((), b"")
    assert explain_sample(model, network, file, "lie").label == "lie"
    with pytest.raises(BadTrainingConfig):
        explain_sample(model, network, file, "sit")


def test_heat_is_clear_where_there_is_none() -> None:
    place = np.zeros((8, 8), np.float32)
    place[2, 2] = 1
    heat = present(cv2.imdecode(np.frombuffer(heat_png(place), np.uint8), cv2.IMREAD_UNCHANGED))
    assert heat[200, 200, 3] == 0
    assert heat[70:90, 70:90, 3].max() > 200


def test_the_average_passes_over_what_cannot_be_read(trained: TrainingResult, tmp_path: Path) -> None:
    model = load_model(trained.folder)
    network = load_network(model)
    files = [Path(line.file) for line in read_predictions(trained.folder / "judged.csv", model.labels)][:3]
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"nothing")
    told: list[int] = []
    assert average_of(model, network, [*files, bad], "stand", told.append).count == 3
    assert told == [0, 1, 2, 3]
    with pytest.raises(UnreadablePicture):
        average_of(model, network, [bad], "stand", told.append)


def test_a_clip_is_explained_over_time(tmp_path: Path) -> None:
    folder = write_bars(tmp_path / "data", 6)
    data = sourced(read_training_data(folder))
    config = small(Recipe.SEQUENCE, epochs=1, picture_size=32, frames=6)
    result = train(config, data, tmp_path / "model", ignore)  # type: ignore[arg-type]
    model = load_model(result.folder)
    explained = explain_sample(model, load_network(model), data.samples[0].path)
    assert len(explained.over_time) == 6
    assert max(explained.over_time) == 1
    strip = present(cv2.imdecode(np.frombuffer(explained.frames_jpeg, np.uint8), cv2.IMREAD_COLOR))
    assert strip.shape == (96, 6 * 96, 3)


def test_the_card_says_all_that_people_must_know(trained: TrainingResult) -> None:
    card = (trained.folder / "model_card.md").read_text()
    assert card == card_of(json.loads((trained.folder / "run.json").read_text()))
    for section in ("## Data", "## Metrics on the test set", "## Limits", "## Licence", "## Use"):
        assert section in card
    assert trained.run["data_fingerprint"] in card
    assert "weights made by others" not in card, "this network was trained from nothing"


@pytest.mark.parametrize("language", WORDS)
def test_cards_of_all_languages_hold_the_same_figures(language: str, trained: TrainingResult) -> None:
    english, other = card_of(trained.run), card_of(trained.run, WORDS[language])
    assert re.findall(r"^#+", other, re.MULTILINE) == re.findall(r"^#+", english, re.MULTILINE)
    assert sorted(re.findall(r"\d+\.\d+", other)) == sorted(re.findall(r"\d+\.\d+", english))
    assert re.findall(r"`[^`\n]+`", other) == re.findall(r"`[^`\n]+`", english)


def test_the_card_names_the_licences_of_others_weights(trained: TrainingResult) -> None:
    model = trained.run["model"] | {"kind": "features", "branches": ["face", "picture"]}
    card = card_of(trained.run | {"model": model, "labels": ["a|b", "stand"]})
    assert "Apache-2.0" in card
    assert "MIT" in card


class _OneFace:
    """Says that there is one face in this box."""

    def __init__(self, *box: float) -> None:
        self.box = box

    def detect(self, image_bgr: object) -> object:
        from analysis.types import Faces

        boxes = np.array([self.box], np.float32).reshape(-1, 4)
        n = len(boxes)
        return Faces(boxes, np.ones(n, np.float32), np.zeros((n, 5, 2), np.float32))


def test_a_small_face_is_cut_out_and_a_large_one_is_left() -> None:
    picture = np.arange(400 * 600 * 3, dtype=np.uint32).reshape(400, 600, 3).astype(np.uint8)
    cut = largest_face(picture, _OneFace(300, 100, 340, 150))  # type: ignore[arg-type]
    assert cut is not None
    assert cut.shape[:2] == (91, 91)
    at_the_edge = largest_face(picture, _OneFace(0, 0, 50, 50))  # type: ignore[arg-type]
    assert at_the_edge is not None
    assert at_the_edge.shape[0] == at_the_edge.shape[1]
    assert largest_face(picture, _OneFace(100, 50, 400, 350)) is picture  # type: ignore[arg-type]
    assert largest_face(picture, _OneFace()) is None  # type: ignore[arg-type]
