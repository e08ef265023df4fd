"""Rows of the API, which programs ask with a token of the role: somebody in no team has none."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from tests.factories_datasets import picture
from tests.webapp.route_calls import (
    EDIT,
    EVERYBODY,
    MANAGE,
    REFUSED,
    SEE,
    SIGNED_IN,
    THE_EDITORS,
    Call,
    get,
    post,
)

V1 = "api/v1/"
VIDEO, PERSON = V1 + "videos/<uuidstr:video_id>", V1 + "people/<uuidstr:person_id>"
DATASET, RUN = V1 + "datasets/<uuidstr:dataset_id>", V1 + "runs/<uuidstr:run_id>"
PREDICTIONS = V1 + "models/<uuidstr:run_id>/predictions"
IN_A_TEAM = SIGNED_IN - {"nobody"}


def sent(method: str, may: frozenset[str], sends: dict[str, Any] | None = None, **more: Any) -> Call:
    return Call(method, may, sends or {}, is_json=True, **more)


API = {
    "api/": [get(SIGNED_IN)],
    V1 + "openapi.json": [get(EVERYBODY)],
    V1 + "token": [get(IN_A_TEAM)],
    V1 + "videos": [get(IN_A_TEAM, {"limit": "1"}), get(IN_A_TEAM, {"person": "@person", "state": "done"})],
    VIDEO: [get(SEE), sent("PATCH", EDIT, {"title": "New"}), Call("DELETE", EDIT)],
    VIDEO + "/analyses": [get(SEE), sent("POST", EDIT, {"thoroughness": "fast"})],
    VIDEO + "/appearances": [get(SEE)],
    V1 + "people": [get(IN_A_TEAM), get(IN_A_TEAM, {"q": "face"})],
    PERSON: [get(SEE), sent("PATCH", EDIT, {"name": "Anna"}), Call("DELETE", EDIT)],
    PERSON + "/merge": [sent("POST", EDIT, {"people": ["@other person"], "sure": True})],
    PERSON + "/appearances": [get(SEE)],
    V1 + "datasets": [get(IN_A_TEAM)],
    DATASET: [get(SEE)],
    DATASET + "/samples": [get(SEE, {"label": "lie", "labelled": "true"})],
    DATASET + "/versions": [get(SEE)],
    V1 + "runs": [
        get(IN_A_TEAM, {"dataset": "@dataset"}),
        sent("POST", MANAGE, {"version_id": "@version", "recipe": "tutorial"}, is_named=True, gives=REFUSED),
    ],
    RUN: [get(SEE), get(SEE, at={"run_id": "@running run"})],
    RUN + "/cancel": [sent("POST", MANAGE, at={"run_id": "@running run"})],
    V1 + "models": [get(IN_A_TEAM)],
    PREDICTIONS: [post(EDIT, {"file": SimpleUploadedFile("a.jpg", picture())})],
    PREDICTIONS + "/<uuidstr:explanation_id>": [get(THE_EDITORS, at={"explanation_id": "@tried"})],
}
