"""No cell is run as a formula, and every text comes back as it was."""

import itertools

import pytest

from analysis.spreadsheet_cells import guarded, guarded_row, without_guard

LIVE = ["=1+1", '=HYPERLINK("http://x")', "@SUM(1)", "+2.png", "-a", "\t=1", "\r=1", "\n=1", "＝1", "＠x", "-1+1"]


@pytest.mark.parametrize("text", LIVE)
def test_what_a_spreadsheet_would_run_becomes_text(text: str) -> None:
    assert guarded(text) == f"'{text}"
    assert without_guard(guarded(text)) == text


@pytest.mark.parametrize("text", ["", "smile", "a=1", "-1", "+2.5", "-1e-3", "'tis", "''", " =1", "1-1"])
def test_everything_else_stays(text: str) -> None:
    assert guarded(text) == without_guard(text) == text


def test_every_text_comes_back_also_one_that_looks_guarded() -> None:
    for length in range(6):
        for letters in itertools.product("'=-1a", repeat=length):
            text = "".join(letters)
            assert without_guard(guarded(text)) == text
            assert not guarded(text).startswith("=")


def test_numbers_of_a_row_stay_numbers() -> None:
    assert guarded_row(["=1", 2, -0.5, None]) == ["'=1", 2, -0.5, None]
