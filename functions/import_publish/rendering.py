"""Between the wire and the documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from functions.common import auth, clock
from functions.common.mongo import Document
from functions.import_publish import schemas
from functions.import_publish.domain import states
from functions.import_publish.domain.profiles import ProfileProblem
from functions.import_publish.domain.staged import StagedRow
from functions.import_publish.reading import Terms

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KEPT = (
    *("groupId", "storeId", "state", "name", "mode", "currency", "counts", "codes", "confirmed", "corrects"),
    *("duplicateOf", "approval", "publishAt", "result", "error", "createdBy", "createdAt", "updatedAt", "ver"),
)
_SOURCE = frozenset(field.alias or name for name, field in schemas.Source.model_fields.items())


def imports_query(principal: auth.Principal, query: schemas.ImportQuery) -> Document:
    """The filter of a list of imports: what the caller asks for, within what he may see."""
    wanted = _within(principal, query.store_id)
    if query.state is not None:
        wanted["state"] = query.state
    return wanted


def _within(principal: auth.Principal, store_id: str | None) -> Document:
    wanted: Document = {}
    allowed = None if "*" in principal.store_ids else sorted(principal.store_ids)
    if store_id is not None:
        wanted["storeId"] = store_id if allowed is None or store_id in allowed else {"$in": []}
    elif allowed is not None:
        wanted["storeId"] = {"$in": allowed}
    if principal.role == auth.ERP:
        wanted["createdBy"] = principal.sub
    return wanted


def accepted(documents: Sequence[Document]) -> dict[str, Any]:
    """Imports that have begun."""
    return {
        "groupId": documents[0]["groupId"],
        "imports": [
            {
                "importId": each["_id"],
                "storeId": each["storeId"],
                "state": each["state"],
                "statusUrl": f"/v1/imports/{each['_id']}",
            }
            for each in documents
        ],
    }


def import_view(document: Mapping[str, Any]) -> schemas.ImportView:
    """An import without what only machines need."""
    return schemas.ImportView.model_validate(
        {
            **{name: document[name] for name in _KEPT},
            "importId": document["_id"],
            "profile": document["profile"]["name"],
            "source": {name: value for name, value in document["source"].items() if name in _SOURCE},
            "toConfirm": document["confirms"],
            "rejection": document.get("rejection"),
            "finishedAt": document.get("finishedAt"),
            "failures": document.get("failures"),
            "progress": _read(document) or _published(document),
            "links": _links(document),
        }
    )


def failures_query(principal: auth.Principal, query: schemas.FailureQuery) -> Document:
    """The filter of a list of failures: what the caller asks for, within what he may see."""
    wanted = _within(principal, query.store_id)
    if query.batch_id is not None:
        wanted["batchId"] = query.batch_id
    if query.status is not None:
        wanted["status"] = query.status
    if query.code is not None:
        wanted[f"codes.{query.code}"] = {"$gt": 0}
    return wanted


def failure_view(document: Mapping[str, Any]) -> schemas.FailureView:
    """What failed of a part of an import."""
    names = [field.alias or name for name, field in schemas.FailureView.model_fields.items()]
    return schemas.FailureView.model_validate({name: document[name] for name in names})


def failed_row(item: Mapping[str, Any], columns: Mapping[str, str]) -> schemas.FailedRow:
    """A failed row with its long names; `columns` says where its fields come from."""
    return schemas.FailedRow.model_validate(
        {
            "line": item["line"] or None,
            "barcode": item["barcode"],
            "status": item["status"],
            "faults": _faults(item["faults"], columns),
            "values": _values(item["values"]),
            "raw": item.get("raw"),
            "attempts": item["attempts"],
            "resolvedBy": item.get("resolvedBy"),
        }
    )


def rollback_view(document: Mapping[str, Any]) -> schemas.RollbackView:
    """How a roll back goes."""
    rollback = document["rollback"]
    return schemas.RollbackView.model_validate(
        {
            "importId": document["_id"],
            "state": document["state"],
            "by": rollback["by"],
            "at": rollback["at"],
            "finishedAt": rollback.get("finishedAt"),
            "result": rollback["result"],
        }
    )


def columns_of(document: Mapping[str, Any]) -> dict[str, str]:
    """Which column of the import's file each field comes from, as far as it has one."""
    source = document["source"]
    try:
        mapper = Terms.of(document).mapper(source.get("columns") or [], source.get("format") or "csv")
    except ProfileProblem:
        return {}
    return {name: use.column for use in mapper.uses() for name in use.fields}


def row_view(row: StagedRow, columns: Mapping[str, str]) -> schemas.RowView:
    """A staged row with its long names; `columns` says where its fields come from."""
    values = _values(row["v"])
    return schemas.RowView.model_validate(
        {
            "line": row["r"] or None,
            "barcode": row["b"],
            "name": row.get("name") or values.get("name"),
            "status": row.get("s", "valid"),
            "action": row.get("a"),
            "values": values,
            "changes": [
                {"field": field, "before": before, "after": after} for field, before, after in row.get("d", ())
            ],
            "faults": _faults(row.get("e", ()), columns),
            "raw": row.get("raw"),
        }
    )


def _values(values: Mapping[str, Any]) -> dict[str, Any]:
    at = values.get("asOf")
    if at is None:
        return dict(values)
    return {**values, "asOf": (_EPOCH + timedelta(microseconds=at)).isoformat().replace("+00:00", "Z")}


def _faults(faults: Sequence[Sequence[Any]], columns: Mapping[str, str]) -> list[dict[str, Any]]:
    names = ("code", "field", "column", "value", "message", "severity")
    shown = [dict(zip(names, fault, strict=True)) for fault in faults]
    # What only the rules or the live products tell knows the field, not where the file has it.
    return [each if each["column"] else each | {"column": columns.get(each["field"])} for each in shown]


def row_filter(query: schemas.RowQuery) -> dict[str, str]:
    """What the rows of a list must be."""
    wanted = {"status": query.status, "action": query.action, "code": query.code, "q": query.q}
    return {name: value for name, value in wanted.items() if value is not None}


def _read(document: Mapping[str, Any]) -> dict[str, Any] | None:
    """The progress of reading a file; how long it is shows only by how much of it was read."""
    progress = document["progress"]
    if progress is None or document["state"] != states.STAGING:
        return None
    rows, share = progress["rows"], progress["share"]
    seconds = (progress["at"] - progress["startedAt"]).total_seconds()
    rate = rows / seconds if seconds > 0 else None
    total = round(rows / share) if share else None
    return _progress(rows, total, rate)


def _published(document: Mapping[str, Any]) -> dict[str, Any] | None:
    """The progress of publishing the rows of the file, as far as its workers have counted it."""
    done = document.get("published")
    if document["state"] != states.PUBLISHING or done is None:
        return None
    total = document["counts"]["rows"]
    rows = min(done.get("rows", 0), total)
    seconds = (clock.now() - done["startedAt"]).total_seconds()
    return _progress(rows, total, rows / seconds if seconds > 0 else None)


def _progress(done: int, total: int | None, rate: float | None) -> dict[str, Any]:
    left = (total - done) / rate if rate and total is not None else None
    return {
        "rowsDone": done,
        "rowsTotal": total,
        "rowsPerSecond": None if rate is None else round(rate, 1),
        "secondsLeft": None if left is None else round(max(left, 0.0), 1),
    }


def _links(document: Mapping[str, Any]) -> dict[str, str]:
    """Where to go on from here, by what may be done now."""
    own = f"/v1/imports/{document['_id']}"
    links = {"self": own, "rows": f"{own}/rows"}
    state = document["state"]
    if states.may_follow(state, states.CANCELLED):
        links["cancel"] = f"{own}/cancel"
    if state == states.WAITING:
        links["uploaded"] = f"{own}/uploaded"
    if state in (states.STAGED, states.SCHEDULED):
        links |= {"approve": f"{own}/approve", "reject": f"{own}/reject"}
    if state == states.STAGED:
        links["validate"] = f"{own}/validate"
    if states.may_follow(state, states.ROLLING_BACK):
        links["rollback"] = f"{own}/rollback"
    if state in (states.PUBLISHED, states.PARTLY_PUBLISHED):
        links["failures"] = f"{own}/failures.csv"
    return links
