"""What drills make of what they find; the product itself is left out here."""

import random
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks import drills
from benchmarks.drill_work import DrillWork

CALM = {"samples": "3 aa", "file first": "bb", "Track first": "2 cc"}


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What comes of disturbed work; what a drill does is drawn, but harms nobody."""
    found = dict(CALM)

    def results(work: DrillWork, harm: drills.Harm | None = None, times: int = 1, **_: object) -> dict[str, str]:
        print("moment", work.random.random(), times)
        return dict(found) if harm else dict(CALM)

    monkeypatch.setattr(drills, "results_of", results)
    monkeypatch.setattr(drills.Drills, "_make_empty", lambda _self: None)
    monkeypatch.setattr(DrillWork, "begins_with", lambda _self, _other: None)
    return found


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["drills", *arguments])
    with pytest.raises(SystemExit) as ended:
        drills.main()
    return int(ended.value.code or 0)


def test_equal_results_meet_the_target_and_others_are_named(
    found: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "child", "web") == 0
    assert capsys.readouterr().out.endswith("drills: 2 with seed 1, every target met\n")
    found["Track first"] = "1 dd"
    assert run(monkeypatch, "child", "web") == 1
    said = capsys.readouterr().out
    assert "Track first: 1 dd instead of 2 cc" in said
    assert said.splitlines()[-1].startswith("drills: 2 with seed 1, MISSED 2: child: results that differ")


def test_a_drill_that_breaks_down_is_missed_and_the_next_one_runs(
    found: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def breaks_down(_work: DrillWork) -> None:
        raise RuntimeError("work does not end")

    monkeypatch.setitem(drills.drill_crowds.CROWDS, "waiting", breaks_down)
    assert run(monkeypatch, "waiting", "child") == 1
    assert "MISSED 1: waiting: work does not end" in capsys.readouterr().out


def test_a_seed_repeats_the_moments_and_unknown_names_are_refused(
    found: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = []
    for seed in ("7", "7", "8"):
        random.seed()
        run(monkeypatch, "queue_killed", "--seed", seed)
        outputs.append(capsys.readouterr().out.splitlines()[3])
    assert outputs[0] == outputs[1] != outputs[2]
    assert run(monkeypatch, "earthquake") == 2
    assert "child" in capsys.readouterr().err


def test_what_was_stored_is_compared_with_what_was_sent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    work = DrillWork(tmp_path, random.Random(0), videos={"first": "id"}, sent={"first": b"video"})
    command = 'RESULTS {"file first": "another"}'
    monkeypatch.setattr(work, "product", SimpleNamespace(command=lambda *_: command), raising=False)
    assert work.results() == {"file first": "another, not what was sent"}
