"""Rows of the API, which programs ask with a token of the role: somebody in no team has none."""

from typing import Any

from tests.webapp.route_calls import EDIT, EVERYBODY, SEE, SIGNED_IN, Call, get

V1 = "api/v1/"
VIDEO, PERSON = V1 + "videos/<uuidstr:video_id>", V1 + "people/<uuidstr:person_id>"
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
}
