"""Sends the audit log as CSV while it is read, so that memory stays flat however many entries there are."""

import csv
import io
from collections.abc import AsyncIterator
from uuid import UUID

from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse

from analysis.spreadsheet_cells import guarded_row
from webapp.audit import queries
from webapp.audit.chain_codec import COLUMNS
from webapp.audit.models import AuditEntry
from webapp.audit.queries import AuditFilter


def csv_response(team_id: UUID, wanted: AuditFilter, name: str) -> StreamingHttpResponse:
    """Returns a download; no spreadsheet runs a cell of it."""
    headers = {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingHttpResponse(_blocks(team_id, wanted), headers=headers)


async def _blocks(team_id: UUID, wanted: AuditFilter) -> AsyncIterator[bytes]:
    yield _lines([[*COLUMNS, "hash"]])
    chunks = queries.in_chunks(team_id, wanted)
    next_or_none = sync_to_async(lambda: next(chunks, None))  # a StopIteration cannot leave a coroutine
    while (chunk := await next_or_none()) is not None:
        yield _lines([_row(entry) for entry in chunk])


def _row(entry: AuditEntry) -> list[object]:
    values = {column: getattr(entry, column) for column in COLUMNS} | {"at": entry.at.isoformat()}
    return guarded_row([*values.values(), bytes(entry.hash).hex()])


def _lines(rows: list[list[object]]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue().encode("utf-8", "replace")
