"""What the page of the API shows, out of its description."""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from webapp.api.openapi_formats import NEEDED_SCOPE

MARKS = (
    (re.compile(r"\*\*(.+?)\*\*"), r"<strong>\1</strong>"),
    (re.compile(r"\*(.+?)\*"), r"<em>\1</em>"),
    (re.compile(r"`(.+?)`"), r"<code>\1</code>"),
)
"""What descriptions use of Markdown."""

Node = dict[str, Any]


def page_context(document: Node) -> Node:
    """Returns the operations by what they are about, each with the fields of what is sent and answered."""
    groups: dict[str, list[Node]] = defaultdict(list)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            groups[operation["tags"][0]].append(
                {
                    "id": operation["operationId"],
                    "method": method.upper(),
                    "path": path,
                    "scope": operation[NEEDED_SCOPE],
                    "summary": operation["summary"],
                    "description": in_html(operation.get("description", "")),
                    "fields": list(_fields_of(document, operation)),
                }
            )
    return {"groups": dict(groups), "about": [in_html(part) for part in document["info"]["description"].split("\n\n")]}


def _fields_of(document: Node, operation: Node) -> Iterator[Node]:
    for each in operation["parameters"]:
        yield _field(each["in"], each["name"], each["schema"], each.get("description", ""))
    answer = next(given for status, given in operation["responses"].items() if status.startswith("2"))
    for where, holder in (("body", operation.get("requestBody", {})), ("answer", answer)):
        for content in holder.get("content", {}).values():
            for name, schema in _properties(document, content["schema"]).items():
                yield _field(where, name, schema, schema.get("description", ""))


def _field(where: str, name: str, schema: Node, words: str) -> Node:
    return {"where": where, "name": name, "type": type_in_words(schema), "words": in_html(words)}


def _properties(document: Node, schema: Node) -> Node:
    """Returns the fields of an object, or of the items of a list, each as what it consists of where it is another."""
    found: Node = _resolved(document, schema).get("properties", {})
    items = found.get("items", {}).get("items")
    return {f"items.{name}": each for name, each in _properties(document, items).items()} if items else found


def _resolved(document: Node, schema: Node) -> Node:
    if "$ref" not in schema:
        return schema
    found: Node = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    return found


def type_in_words(schema: Node) -> str:
    """Returns what a value may be, for people: its type, or the words to choose from."""
    if "anyOf" in schema:
        return " | ".join(type_in_words(each) for each in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[-1].removesuffix("Out"))
    if schema.get("type") == "array":
        return f"[{type_in_words(schema['items'])}]"
    return str(schema.get("format") or schema.get("type", "any"))


def in_html(text: str) -> SafeString:
    """Returns a description with its few marks as HTML."""
    html = str(escape(text))
    for mark, tag in MARKS:
        html = mark.sub(tag, html)
    return mark_safe(html)  # escaped above
