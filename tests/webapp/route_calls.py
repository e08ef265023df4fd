"""Roles, calls and what stands in addresses: how the table of `route_rules.py` is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ROLES = ("anonymous", "nobody", "stranger", "both", "viewer", "editor", "admin", "owner")
"""Not signed in; member of no team; owner of another team; viewer here and owner there; members."""
EVERYBODY = frozenset(ROLES)
SIGNED_IN = EVERYBODY - {"anonymous"}
SEE = frozenset({"both", "viewer", "editor", "admin", "owner"})
EDIT = frozenset({"editor", "admin", "owner"})
MANAGE = frozenset({"admin", "owner"})
OWN = frozenset({"owner"})
THE_EDITORS = frozenset({"editor"})
"""The thing was made by the editor and is nobody else's, not even an owner's."""
THE_ADMINS = frozenset({"admin"})
NO_ONE: frozenset[str] = frozenset()

PARAMETERS = {
    "act_id": "@act",
    "batch_id": "@batch",
    "dataset_id": "@dataset",
    "event_id": "@merge",
    "explanation_id": "@explanation",
    "export_id": "@export",
    "face_id": "@face",
    "factor_id": "@app",
    "finding_id": "@finding",
    "import_id": "@import",
    "introduction_id": "@introduction",
    "invitation_id": "@invitation",
    "job_id": "@job",
    "label_id": "@label",
    "link_id": "@share link",
    "membership_id": "@membership",
    "number": "@sample number",
    "observation_id": "@moment",
    "other_id": "@hiding",
    "person_id": "@person",
    "recognition_id": "@recognition",
    "run_id": "@run",
    "session_id": "@device",
    "tag_id": "@tag",
    "token": "@token",
    "token_id": "@access token",
    "track_id": "@track",
    "upload_id": "@upload",
    "user_id": "@user",
    "version_id": "@version",
    "video_id": "@video",
}


@dataclass(frozen=True)
class Call:
    """`gives`: statuses for who may, where that is not success. `refused`: for who may not, beside the usual ones.

    `is_named`: the thing is named by what is sent, as the address has no parameter; without parameter and name a call
    is about the team that one works in.
    """

    method: str
    may: frozenset[str]
    sends: Mapping[str, Any] = field(default_factory=dict)
    at: Mapping[str, str] = field(default_factory=dict)
    gives: tuple[int, ...] = ()
    refused: tuple[int, ...] = ()
    is_named: bool = False
    is_json: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] | None = None
    """Of the tus protocol, as a header."""
    body: bytes = b""

    def filled(self, ids: Mapping[str, Any]) -> dict[str, Any]:
        """Returns what it sends, with a team's ids where `@kind` stands."""
        return dict(filled(self.sends if self.metadata is None else self.metadata, ids))


def filled(wish: Any, ids: Mapping[str, Any]) -> Any:
    """Puts ids where `@kind` stands."""
    if isinstance(wish, str):
        return ids[wish[1:]] if wish.startswith("@") else wish
    if isinstance(wish, Mapping):
        return {name: filled(each, ids) for name, each in wish.items()}
    return [filled(each, ids) for each in wish] if isinstance(wish, list) else wish


def holds_id(wish: Any) -> bool:
    if isinstance(wish, str):
        return wish.startswith("@")
    return isinstance(wish, list) and any(map(holds_id, wish))


def get(may: frozenset[str], sends: Mapping[str, Any] | None = None, **more: Any) -> Call:
    return Call("GET", may, sends or {}, **more)


def post(may: frozenset[str], sends: Mapping[str, Any] | None = None, **more: Any) -> Call:
    return Call("POST", may, sends or {}, **more)


def get_and_post(may: frozenset[str], sends: Mapping[str, Any] | None = None, **more: Any) -> list[Call]:
    """A form and what it sends."""
    return [get(may, **more), post(may, sends, **more)]


def tus(method: str, may: frozenset[str], at: Mapping[str, str] | None = None, **more: Any) -> Call:
    headers = {"Tus-Resumable": "1.0.0"}
    if method == "POST":
        headers["Upload-Length"] = "10"
    if method == "PATCH":
        headers |= {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    return Call(method, may, at=at or {}, headers=headers, body=b"x" * 10 if method == "PATCH" else b"", **more)


def tus_file(may: frozenset[str], at: Mapping[str, str] | None = None) -> list[Call]:
    return [Call("OPTIONS", EVERYBODY), *(tus(method, may, at) for method in ("HEAD", "PATCH", "DELETE"))]


GONE, REFUSED, INVALID, UNPROCESSABLE = (410,), (409,), (400,), (422,)
