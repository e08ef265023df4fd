"""Puts a really trained run into a product that runs."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.e2e.seeding_process import in_product

TESTED = 60
WRONG = 6
"""So many of the test bear the other label: the model rightly disagrees."""


def seed_run(data_dir: Path, **wish: Any) -> dict[str, str]:
    """The small network on stripes that lie or stand, 60 of them held out; returns "run", "dataset", "line".

    `team` (its name), `name` of the dataset, `learn` (pictures of each label), `settings` of the training.
    """
    made: dict[str, str] = in_product("tests.e2e.seeding_run", data_dir, wish)
    return made


def make(wish: dict[str, Any]) -> dict[str, str]:
    import cv2

    from analysis.training.config import Device, Recipe, defaults
    from analysis.training.data.samples import TrainingData, read_training_data
    from analysis.training.train import train
    from tests.analysis.training.pictures import ignore, stripes, write_stripes
    from tests.factories_datasets import make_dataset, make_label, make_samples
    from tests.factories_training import make_run, store_model
    from tests.factories_videos import make_video
    from webapp.accounts.models import Team
    from webapp.training.runs.predictions_runner import store_predictions

    team = Team.objects.get(name=wish["team"])
    dataset = make_dataset(team=team, name=wish.get("name", "Stripes"), kind="frames")
    labels = [make_label(dataset, name) for name in ("lie", "stand")]
    video = make_video(team=team, title="Opening night", content=dataset.pk.bytes)
    seeds = [5000 + n for n in range(TESTED)]
    contents = [cv2.imencode(".png", stripes(bool(seed % 2), seed))[1].tobytes() for seed in seeds]
    made = make_samples(
        dataset,
        TESTED,
        contents=[contents[-1], *contents[:-1]],
        each=lambda n: {
            "label": labels[(n + (n < WRONG)) % 2],
            "video": video,
            "time_s": n / 2,
            "source": str(video.pk),
        },
    )
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        learn = write_stripes(root / "data", wish.get("learn", 14))
        test = write_stripes(root / "test", TESTED // 2, first_seed=5000)
        for n in range(WRONG):
            names = ("lie", "stand")
            (test / names[n % 2] / f"{5000 + n}x.png").rename(test / names[(n + 1) % 2] / f"{5000 + n}x.png")
        data = read_training_data(learn, test)
        sourced = TrainingData(data.labels, tuple(replace(s, source=s.path.name) for s in data.samples))
        settings = {"epochs": 3, "picture_size": 24, "device": Device.CPU, "threads": 1} | wish.get("settings", {})
        config = defaults(Recipe.TUTORIAL, **settings)
        train(config, sourced, root / "model", ignore)
        run = store_model(make_run(dataset=dataset, config=config.as_json()), root / "model")
        store_predictions(run, root / "model", _paths(root, made))
    return {"run": str(run.pk), "dataset": str(dataset.pk), "line": str(run.line)}


def _paths(root: Path, made: list[Any]) -> dict[str, int]:
    """Pictures of the test as the training named them -> samples."""
    found = {path.name: str(path) for path in (root / "test").rglob("*.png")}
    return {found[f"{5000 + n}x.png"]: sample.pk for n, sample in enumerate(made)}
