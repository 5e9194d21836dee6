"""Failed rows as a CSV file, written while it is read."""

from __future__ import annotations

from collections.abc import AsyncIterator

from functions.common.mongo import Document
from functions.import_publish.domain import exporting
from functions.import_publish.domain.failures import RESOLVED
from functions.import_publish.failures_repository import Failures
from functions.import_publish.reading import Terms


async def failures(repository: Failures, document: Document) -> AsyncIterator[bytes]:
    """What is not published of an import, in its own columns and with the columns that say why."""
    source = document["source"]
    terms, columns = Terms.of(document), source.get("columns", [])
    mapper = terms.mapper(columns, source.get("format", "csv"))
    fields = [use.fields for use in mapper.uses()]
    table = exporting.Table(columns, fields, source.get("delimiter") or ",", terms.profile, document["currency"])
    yield table.header()
    async for kept in repository.open(document):
        yield table.lines(item for item in kept["items"] if item["status"] != RESOLVED)
