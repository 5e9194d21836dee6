"""The operations on promotions."""

from __future__ import annotations

import secrets
from typing import Any

from functions.common import auth, errors
from functions.common.http import Call, HttpDoor, Pagination, Reply
from functions.common.mongo import Document
from functions.common.product_edits import Editor, editor, parse_if_match
from functions.discount import rendering, service, wiring

BRAND = auth.roles(auth.BRAND_MANAGER)
NOT_FOUND = (errors.NotFound,)
CONFLICTS = (errors.NotFound, errors.Conflict)
PROMOTION = "/v1/promotions/{promotionId}"
WRITE: dict[str, Any] = {"rate": "manage", "idempotency": "optional", "max_body": 128 << 10}

door = HttpDoor("discount", ready=wiring.ready)


@door.post(
    "/v1/promotions",
    auth=BRAND,
    summary="Add a promotion, as a draft or active at once",
    body="NewPromotion",
    reply="PromotionView",
    status=201,
    errors=(errors.Conflict,),
    **WRITE,
)
async def create_promotion(call: Call) -> Reply:
    fields = rendering.fields(call.body)
    name = fields.pop("promotionId")
    document = await service.create(wiring.deps(), call.principal, name, fields, editor_of(call))
    return versioned(document, call)


@door.get(
    "/v1/promotions",
    auth=BRAND,
    summary="List the promotions of your stores",
    query="PromotionQuery",
    reply="PromotionView",
    listed=True,
    rate="manage",
)
async def list_promotions(call: Call) -> Reply:
    query, caller = call.query, call.principal
    found, total = await wiring.deps().promotions.page(
        caller.tenant_id, caller.store_ids, query.status, query.page, query.limit
    )
    views = [rendering.promotion(each, caller.store_ids) for each in found]
    return Reply(views, pagination=Pagination(query.page, query.limit, total))


@door.get(PROMOTION, auth=BRAND, summary="Read a promotion", reply="PromotionView", errors=NOT_FOUND, rate="manage")
async def read_promotion(call: Call) -> Reply:
    return versioned(await service.read(wiring.deps(), call.principal, call.params["promotionId"]), call)


@door.put(
    PROMOTION,
    auth=BRAND,
    summary="Write the next version of a promotion",
    body="PromotionBody",
    reply="PromotionView",
    errors=CONFLICTS,
    **WRITE,
)
async def replace_promotion(call: Call) -> Reply:
    document = await service.replace(
        wiring.deps(),
        call.principal,
        call.params["promotionId"],
        rendering.fields(call.body),
        editor_of(call),
        seen=seen_by(call),
    )
    return versioned(document, call)


@door.delete(
    PROMOTION,
    auth=BRAND,
    summary="Take a promotion away at once",
    reply="PromotionRemoved",
    errors=CONFLICTS,
    rate="manage",
)
async def remove_promotion(call: Call) -> Reply:
    name = call.params["promotionId"]
    document = await service.remove(wiring.deps(), call.principal, name, editor_of(call), seen=seen_by(call))
    return Reply({"promotionId": name, "removed": True, "ver": document["ver"]})


@door.get(
    f"{PROMOTION}/versions",
    auth=BRAND,
    summary="Every version of a promotion: what it said, who wrote it, what was changed",
    query="Page",
    reply="VersionView",
    listed=True,
    errors=NOT_FOUND,
    rate="manage",
)
async def list_promotion_versions(call: Call) -> Reply:
    caller, query = call.principal, call.query
    found, total = await service.versions(
        wiring.deps(), caller, call.params["promotionId"], page=query.page, limit=query.limit
    )
    views = [rendering.version(each, caller.store_ids) for each in found]
    return Reply(views, pagination=Pagination(query.page, query.limit, total))


@door.post(
    "/v1/promotions:dry-run",
    auth=BRAND,
    summary="What a basket would cost, and what each promotion has to do with it",
    body="DryRun",
    reply="DryRunView",
    rate="manage",
    cost=10,
    max_body=256 << 10,
)
async def dry_run(call: Call) -> Reply:
    trial = rendering.trial(call.body, call.now)
    store, totals = await service.try_out(wiring.deps(), call.principal, trial)
    return Reply(rendering.dry_run(store, trial.moment, totals))


def editor_of(call: Call) -> Editor:
    """Who edits; a request that is repeated with its key is the same edit."""
    op = call.idempotency_id or secrets.token_hex(16)
    return editor(call.principal.sub, call.principal.role, call.request_id, op, call.now)


def seen_by(call: Call) -> int | None:
    """The version the caller has seen, when it says so."""
    with service.as_problems():
        return parse_if_match(call.header("if-match"))


def versioned(document: Document, call: Call) -> Reply:
    """One promotion with its version as `ETag`."""
    view = rendering.promotion(document, call.principal.store_ids)
    return Reply(view, headers=(("etag", f'"{document["ver"]}"'),))
