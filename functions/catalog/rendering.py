"""Between the wire and the documents: bodies to fields, documents to views, outcomes to a report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ValidationError

from functions.catalog import schemas
from functions.catalog.records import code_version
from functions.catalog.repository import Listing
from functions.catalog.search import parse
from functions.catalog.service import Outcome
from functions.catalog.tenant_schemas import TenantSettingsView
from functions.common.mongo import Document
from functions.common.product_edits import EPOCH


def fields(body: BaseModel) -> dict[str, Any]:
    """Every field of a body under the name it is stored by."""
    return _tidy(body.model_dump(by_alias=True))


def patch(body: BaseModel) -> dict[str, Any]:
    """Only the fields a body names; what it leaves out stays as it is."""
    complete = fields(body)
    names = (type(body).model_fields[name].alias or name for name in body.model_fields_set)
    return {name: complete[name] for name in names}


def items(raw: Sequence[Any]) -> list[Mapping[str, Any] | Outcome]:
    """Each item of a bulk on its own: its fields and which of them it names, or why it is rejected."""
    read: list[Mapping[str, Any] | Outcome] = []
    for each in raw:
        try:
            body = schemas.NewProduct.model_validate(each)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "item"
            message = f"{where}: {first['msg']}"[:300]
            read.append(Outcome(_barcode(each), "rejected", None, "VALIDATION_FAILED", message))
        else:
            read.append({"fields": fields(body), "given": patch(body)})
    return read


def report(outcomes: Sequence[Outcome]) -> schemas.BulkReport:
    """The counts and every item's outcome, in the order of the request."""
    counts = dict.fromkeys(("created", "updated", "unchanged", "rejected"), 0)
    for each in outcomes:
        counts[each.outcome] += 1
    return schemas.BulkReport.model_validate(
        {
            **counts,
            "items": [
                {
                    "index": index,
                    "barcode": each.barcode,
                    "outcome": each.outcome,
                    "ver": each.ver,
                    "reason": each.reason,
                    "message": each.message,
                }
                for index, each in enumerate(outcomes)
            ],
        }
    )


def listing(query: schemas.ProductQuery) -> Listing:
    """What a list's query parameters ask for."""
    return Listing(
        status=query.status,
        category_id=query.category_id,
        brand_id=query.brand_id,
        quick=query.quick,
        search=parse(query.q) if query.q is not None else None,
        sort=query.sort,
        descending=query.order == "desc",
        page=query.page,
        limit=query.limit,
    )


def product(document: Mapping[str, Any]) -> schemas.ProductView:
    """A product document without what only machines need."""
    price, stock = document.get("price"), document.get("stock")
    view = _only(schemas.ProductView, document)
    view["units"] = [{"price": None, **unit} for unit in document.get("units") or ()]
    view["price"] = price and {
        "amount": price["amount"],
        "currency": price["currency"],
        "asOf": _moment(price["w"]["t"]),
    }
    view["stock"] = stock and {"quantity": stock["avail"], "asOf": _moment(stock["w"]["t"])}
    return schemas.ProductView.model_validate(view)


def withdrawn(document: Mapping[str, Any]) -> schemas.Withdrawn:
    """A product that is no longer sold."""
    return schemas.Withdrawn.model_validate(_only(schemas.Withdrawn, document))


def audit(documents: Iterable[Document]) -> list[schemas.AuditView]:
    """Audit entries."""
    return [
        schemas.AuditView.model_validate({**_only(schemas.AuditView, each), "id": each["_id"]}) for each in documents
    ]


def brand(document: Document) -> schemas.BrandView:
    """A brand."""
    return schemas.BrandView.model_validate(_only(schemas.BrandView, document))


def module(document: Document) -> schemas.ModuleView:
    """A module."""
    return schemas.ModuleView.model_validate(_only(schemas.ModuleView, document))


def store(document: Document) -> schemas.StoreView:
    """A store."""
    view = {"stockPolicy": "strict", "labelTemplates": [], "address": None, **document}
    named = {"storeId": document["_id"], "codeVersion": code_version(document)}
    return schemas.StoreView.model_validate(_only(schemas.StoreView, view | named))


def tenant_settings(document: Document | None) -> TenantSettingsView:
    """A tenant's settings, the defaults when it has stated none."""
    view = document if document is not None else {"ver": 0, "updatedAt": None}
    return TenantSettingsView.model_validate(_only(TenantSettingsView, view))


def check_in_code(document: Document, code: str) -> schemas.CheckInCode:
    """The text for the poster at the entrance."""
    return schemas.CheckInCode(store_id=document["_id"], code=code, code_version=code_version(document))


def _only(view: type[BaseModel], document: Mapping[str, Any]) -> dict[str, Any]:
    names = [field.alias or name for name, field in view.model_fields.items()]
    return {name: document[name] for name in names if name in document}


def _tidy(value: dict[str, Any]) -> dict[str, Any]:
    """Label templates without the parts they leave out."""
    templates = value.get("labelTemplates")
    if templates:
        value["labelTemplates"] = [
            {k: v for k, v in each.items() if v is not None} if isinstance(each, dict) else each for each in templates
        ]
    return value


def _barcode(item: Any) -> str | None:
    code = item.get("barcode") if isinstance(item, dict) else None
    return code[:48] if isinstance(code, str) else None


def _moment(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)
