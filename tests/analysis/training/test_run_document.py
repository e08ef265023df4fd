"""`run.json`: every recipe writes what the schema promises, and what is not of its kind is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from analysis.errors import DamagedModel
from analysis.training import run_document
from analysis.training.config import Recipe
from analysis.training.data.samples import read_training_data
from analysis.training.run_document import RunDocument, problem_of, read_run, schema
from analysis.training.train import train
from tests.analysis.training.pictures import ignore, write_bars, write_stripes
from tests.analysis.training.test_train import small, sourced

SCHEMA_FILE = Path(run_document.__file__).with_name("run_schema.json")


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> dict[Recipe, Path]:
    """The `run.json` of a small run of each recipe."""
    root = tmp_path_factory.mktemp("recipes")
    pictures = sourced(read_training_data(write_stripes(root / "pictures", 8), write_stripes(root / "test", 4, 1000)))
    clips = sourced(read_training_data(write_bars(root / "clips", 6)))
    for recipe in Recipe:
        config = small(recipe, epochs=1, head_epochs=0, picture_size=32, frames=4, folds=2)
        train(config, clips if recipe is Recipe.SEQUENCE else pictures, root / recipe, ignore)
    return {recipe: root / recipe / "run.json" for recipe in Recipe}


@pytest.mark.parametrize("recipe", Recipe)
def test_each_recipe_writes_what_the_schema_promises(recipe: Recipe, documents: dict[Recipe, Path]) -> None:
    document = json.loads(documents[recipe].read_text())
    assert problem_of(document) == ""
    assert (document["schema"], document["schema_version"]) == (1, 1)
    assert read_run(documents[recipe]) == document
    assert set(document) <= set(RunDocument.__annotations__), "no key without a type"


def test_the_schema_file_is_that_of_the_types() -> None:
    expected = json.dumps(schema(), indent=1) + "\n"
    assert SCHEMA_FILE.read_text() == expected, "python -m analysis.training.run_document > run_schema.json"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"schema": 2}, "not of a kind"),
        ({"schema_version": 2}, "schema_version 2, but this version of Rollcall reads 1"),
        ({"threshold": "0.5"}, r"run\.threshold: expected number, got str"),
        ({"labels": ["a", 1]}, r"run\.labels\[1\]: expected string, got int"),
        ({"test": {"count": 3}}, r"run\.test: lacks accuracy"),
        ({"parameters": True}, r"run\.parameters: expected integer, got bool"),
    ],
)
def test_what_is_not_of_this_kind_is_refused(
    change: dict[str, Any], problem: str, documents: dict[Recipe, Path], tmp_path: Path
) -> None:
    path = tmp_path / "run.json"
    path.write_text(json.dumps(json.loads(documents[Recipe.TUTORIAL].read_text()) | change))
    with pytest.raises(DamagedModel, match=problem):
        read_run(path)


def test_a_key_that_is_new_does_no_harm_and_older_files_are_read(documents: dict[Recipe, Path], tmp_path: Path) -> None:
    document = json.loads(documents[Recipe.TUTORIAL].read_text())
    path = tmp_path / "run.json"
    path.write_text(json.dumps(document | {"later": [1]}))
    assert read_run(path)["labels"] == ["lie", "stand"]
    del document["schema_version"], document["cpu_seconds"]
    path.write_text(json.dumps(document))
    assert read_run(path)["labels"] == ["lie", "stand"]
