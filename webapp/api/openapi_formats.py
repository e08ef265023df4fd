"""The description of the API (OpenAPI 3.1): what the operations say of themselves, and what holds for all of them."""

from copy import deepcopy
from typing import Any

from ninja import NinjaAPI

from webapp.http.problem_formats import PROBLEM_TYPE

NEEDED_SCOPE = "x-token-scope"
"""In an operation's `openapi_extra`: the least scope where it is not the usual one of its method."""
ABOUT = """Programs ask with an access token (`Authorization: Bearer rct_…`), made on the page *Access tokens* of an
account. It is for one team, and acts in it for its owner as far as its scope goes: `read`; `write` to upload, name,
label and recognise; `admin` to train. Nothing of another team is ever found.

**Lists** come in parts of at most `limit` items. Send `next_cursor` as `cursor` until it is null. A cursor says behind
which item to go on: what is added or deleted meanwhile moves nothing.

**ETags.** Each answer to GET has one. Sent as `If-None-Match` it saves the body (304). Sent as `If-Match` with PATCH or
DELETE nothing is changed unless it is as you read it (412).

**Repeating.** Send a POST with an `Idempotency-Key` of your own. Sent again within 24 hours, with the same body, it is
answered as the first time, and done once.

**Errors** are `application/problem+json` (RFC 9457), whose `detail` is a sentence for people. After 429 wait for
`Retry-After` seconds.

**Uploading.** `GET /api/v1/token` says where (`upload_url`). There tus 1.0 is spoken, so that any tus client will do:
POST with `Tus-Resumable: 1.0.0`, `Upload-Length` and `Upload-Metadata` (`filename`; `thoroughness` if you like; each in
base64) gives `Location` and the id of the video in `Rollcall-Video`. PATCH there with `Upload-Offset` and
`Content-Type: application/offset+octet-stream` sends the bytes, in one piece or several; after a break HEAD says how
many have arrived. Then ask for the video until `is_final`."""
REFUSALS = {
    "400": "The cursor, or what was sent, cannot be read.",
    "401": "No access token, or one that does not work.",
    "403": "The scope or the role is not enough.",
    "404": "No such thing, or none that you may see or change.",
    "409": "It cannot be done as things are.",
    "412": "It has changed since it was read.",
    "413": "More was sent than is taken.",
    "415": "The body is of another type.",
    "422": "A value is missing or wrong.",
    "429": "Too many requests at once.",
}
PROBLEM = {
    "title": "Problem",
    "description": "What went wrong, as RFC 9457 has it.",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence for people."},
        "errors": {
            "type": "array",
            "description": "Which values are wrong.",
            "items": {
                "type": "object",
                "required": ["at", "message"],
                "properties": {"at": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
HEADERS: dict[str, tuple[str, str]] = {
    "get": ("If-None-Match", "An ETag that you have."),
    "patch": ("If-Match", "The ETag that you have read."),
    "delete": ("If-Match", "The ETag that you have read."),
    "post": ("Idempotency-Key", "Anything that you send with no other request."),
}


def openapi_document(api: NinjaAPI) -> dict[str, Any]:
    """Returns the whole description, as JSON has it."""
    document: dict[str, Any] = deepcopy(dict(api.get_openapi_schema(path_prefix="/api/v1")))
    document["components"]["schemas"]["Problem"] = PROBLEM
    document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    document["security"] = [{"token": []}]
    for operations in document["paths"].values():
        for method, operation in operations.items():
            _describe(method, operation)
    return document


def _describe(method: str, operation: dict[str, Any]) -> None:
    name, words = HEADERS[method]
    header = {"in": "header", "name": name, "required": False, "schema": {"type": "string"}, "description": words}
    operation["parameters"] = [*map(_given, operation["parameters"]), header]
    operation.setdefault(NEEDED_SCOPE, "read" if method == "get" else "write")
    operation["responses"] = {str(status): given for status, given in operation["responses"].items()}
    if method == "get":
        etag = {"ETag": {"schema": {"type": "string"}, "description": "Of what is sent."}}
        operation["responses"]["200"]["headers"] = etag
        operation["responses"]["304"] = {"description": "You have it.", "headers": etag}
    content = {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status, words in REFUSALS.items():
        operation["responses"].setdefault(status, {"description": words, "content": content})


def _given(parameter: dict[str, Any]) -> dict[str, Any]:
    """Returns a parameter as it is when it is sent: an address holds no null."""
    schema = parameter["schema"]
    values = [each for each in schema.get("anyOf", []) if each.get("type") != "null"]
    if len(values) == 1:
        return parameter | {"schema": values[0]}
    return parameter
