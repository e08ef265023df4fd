"""Sends the audit log as CSV while it is read, so that memory stays flat however many entries there are."""

import csv
import io
from collections.abc import Iterator
from uuid import UUID

from django.http import StreamingHttpResponse

from analysis.spreadsheet_cells import guarded_row
from webapp.audit import queries
from webapp.audit.chain_codec import COLUMNS
from webapp.audit.models import AuditEntry
from webapp.audit.queries import AuditFilter
from webapp.http.zip_responses import streamed_response


def csv_response(team_id: UUID, wanted: AuditFilter, name: str) -> StreamingHttpResponse:
    """Returns a download; no spreadsheet runs a cell of it."""
    return streamed_response(name, "text/csv; charset=utf-8", _blocks(team_id, wanted))


def _blocks(team_id: UUID, wanted: AuditFilter) -> Iterator[bytes]:
    yield _lines([[*COLUMNS, "hash"]])
    for chunk in queries.in_chunks(team_id, wanted):
        yield _lines([_row(entry) for entry in chunk])


def _row(entry: AuditEntry) -> list[object]:
    values = {column: getattr(entry, column) for column in COLUMNS} | {"at": entry.at.isoformat()}
    return guarded_row([*values.values(), bytes(entry.hash).hex()])


def _lines(rows: list[list[object]]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue().encode("utf-8", "replace")
