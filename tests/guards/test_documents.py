"""What the documents say about the repository is so: paths exist, decisions are listed, the licence is one."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).parents[2]
FOLDERS = ("analysis", "webapp", "static", "templates", "tests", "scripts", "benchmarks", "docs")
CODE = re.compile(r"`([^`\n]+)`")
PATH = re.compile(rf"(?:{'|'.join(FOLDERS)})/[\w./*-]*")
LINK = re.compile(r"\]\((?!https?://)([^)\s]+)\)")
BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r'(?:^<a id="([\w-]+)"></a>\n)?^(#+) (.+)$', re.MULTILINE)
DECISIONS = sorted((PROJECT / "docs/decisions").glob("[0-9]*.md"))
PARTS = ("**Decision.**", "**Reason.**", "**Measured.**", "**Rejected.**")
DOCUMENTS = [
    *sorted((PROJECT / "docs").rglob("*.md")),
    *(
        PROJECT / name
        for name in ("README.md", "README.zh-hans.md", "CONTRIBUTING.md", "SECURITY.md", "CODE_OF_CONDUCT.md")
    ),
]


def name(path: Path) -> str:
    return str(path.relative_to(PROJECT))


def paths_named_in(text: str) -> list[str]:
    """What stands in backticks and looks like a path of the repository; NAME stands for any name."""
    return [code.replace("NAME", "*") for code in CODE.findall(text) if PATH.fullmatch(code)]


def without_code(text: str) -> str:
    """Without the blocks that show commands and files."""
    return BLOCK.sub("", text)


def anchors_of(document: Path) -> list[tuple[int, str]]:
    """Level of each heading and what links call it: its own anchor, else as GitHub makes one of its words."""
    return [
        (len(level), anchor or re.sub(r"[^\w -]", "", words.lower()).replace(" ", "-"))
        for anchor, level, words in HEADING.findall(without_code(document.read_text()))
    ]


def test_paths_are_told_from_other_code() -> None:
    text = (
        "`webapp/access.py`, `docs/`, `static/js/label-grid*.js`, `python -m analysis`, `data/logs/`, `webapp/NAME.py`"
    )
    assert paths_named_in(text) == ["webapp/access.py", "docs/", "static/js/label-grid*.js", "webapp/*.py"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_path_that_a_document_names_exists(document: Path) -> None:
    named = paths_named_in(document.read_text())
    assert not [path for path in named if not any(PROJECT.glob(path.rstrip("/")))]


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_link_between_documents_leads_somewhere(document: Path) -> None:
    lost = []
    for link in LINK.findall(without_code(document.read_text())):
        path, _, anchor = link.partition("#")
        target = document.parent / path if path else document
        if not target.exists() or (anchor and anchor not in [name for _, name in anchors_of(target)]):
            lost.append(link)
    assert not lost


def test_the_licence_is_the_same_everywhere() -> None:
    spdx = re.search(r"^SPDX-License-Identifier: (\S+)$", (PROJECT / "LICENSE").read_text(), re.MULTILINE)
    assert spdx is not None
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert project["license"] == spdx[1]
    assert all((PROJECT / file).is_file() for file in project["license-files"])
    assert f"licensed under {spdx[1]}" in (PROJECT / "README.md").read_text()


def test_every_decision_is_in_the_index_under_its_title() -> None:
    index = (PROJECT / "docs/decisions/README.md").read_text()
    rows = re.findall(r"^\| \[(\d{4})\]\(([^)]+)\) \| (.+) \|$", index, re.MULTILINE)
    titles = {path.name: path.read_text().splitlines()[0] for path in DECISIONS}
    assert {file: f"# {int(number)}. {title}" for number, file, title in rows} == titles
    assert all(file.startswith(f"{number}-") for number, file, _ in rows)


def test_decisions_are_numbered_without_gaps() -> None:
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))


@pytest.mark.parametrize("decision", DECISIONS, ids=name)
def test_each_decision_says_why_what_was_measured_and_what_was_rejected(decision: Path) -> None:
    text = decision.read_text()
    places = [text.find(part) for part in PARTS]
    assert -1 not in places and places == sorted(places)


def test_workflows_use_only_official_actions_at_a_fixed_commit() -> None:
    for path in sorted((PROJECT / ".github/workflows").glob("*.yml")):
        for job in yaml.safe_load(path.read_text())["jobs"].values():
            for used in (step["uses"] for step in job["steps"] if "uses" in step):
                assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", used), used


def test_the_workflow_runs_the_one_test_command_on_both_databases() -> None:
    jobs = yaml.safe_load((PROJECT / ".github/workflows/test.yml").read_text())["jobs"]
    assert all({"run": "./scripts/test"} in job["steps"] for job in jobs.values())
    assert "DATABASE_URL" not in jobs["sqlite"].get("env", {})
    assert jobs["postgresql"]["env"]["DATABASE_URL"].startswith("postgres://")


def test_hooks_need_no_network() -> None:
    repositories = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [each["repo"] for each in repositories] == ["local"]
    assert all(hook["language"] == "system" for hook in repositories[0]["hooks"])
