"""Who may do what, to whose things: every operation of the contract, every caller, everybody's real ids.

A new operation is covered by being in docs/openapi.json; one whose ids or body nobody has named here fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
from redis import Redis

from tests.security import forged
from tests.security.contract import (
    Operation,
    Path,
    changed,
    closed_objects,
    leaves,
    object_schemas,
    operation,
    operations,
)
from tests.security.goods import NAMES, OTHER_STORE, RIVAL, RIVAL_STORE, SAMPLES, SECRET, STORE, TENANT, Names
from tests.security.mall import CALLERS, NOBODY, SESSION, Mall, callers_of
from tests.security.watch import stores_of

PUBLIC = {
    "checkout.open_receipt",
    "checkout.stripe_webhook",
    "checkout.open_receipt_data",
    "checkout.open_receipt_document",
    "catalog.read_catalog_keys",
    "exit_gate.read_exit_keys",
    "sessions.read_keys",
}
"""What anybody may ask. An operation gets in here by a decision, not by forgetting its `auth`."""

EXTRA = ("storeId", "tenantId", "price", "total", "role", "state", "paid", "_id", "$set", "ver")
FREE_FORM = ("metadata", "config")

ANYBODYS = {
    ("catalog.open_store", "storeId"): "store ids are unique among all tenants, so one that is taken is refused",
}
"""Ids whose answer must differ from an unknown one's, and why. They are looked at by tests of their own."""

CREATED = {
    "checkout.close_day": {"date"},
    "catalog.create_product": {"barcode", "units.0.barcode"},
    "catalog.load_products": {"products.0.barcode", "products.0.units.0.barcode"},
    "catalog.edit_product": {"units.0.barcode"},
    "catalog.create_brand": {"brandId"},
    "catalog.create_module": {"moduleId"},
    "discount.create_promotion": {"promotionId"},
    "discount.dry_run": {"lines.0.lineId", "lines.1.lineId", "usage.0.byCode.0.coupon"},
}
"""Names in bodies that an operation gives to something of the caller's own."""

ID_LISTS = ("ids", "storeIds")
"""Lists in bodies that hold ids."""

LABELS = {("import_publish.upload_file", "name"), ("import_publish.preview_import", "name")}
"""Query parameters that are kept as the text they are: whatever it is, it works."""

SHOPS_ANYWHERE = "sessions.check_in"
"""A shopper belongs to no tenant: whoever stands at an entrance may check in there."""


def answer(reply: httpx.Response, *ids: str) -> tuple[int, Any]:
    """What a caller can tell about a reply: its status and body, without metadata and his own ids."""
    text = re.sub(r"pb-[0-9a-f]{24}", "<batch>", reply.text)
    text = re.sub(r'"\d{4}-\d\d-\d\dT[^"]+"', '"<time>"', text)
    for each in ids:
        text = text.replace(each, "<id>")
    parsed = httpx.Response(reply.status_code, text=text).json()
    parsed.pop("metadata", None)
    return reply.status_code, parsed


def is_refused_by_role(reply: httpx.Response) -> bool:
    return reply.status_code == 403 and reply.json()["error"]["code"] == "ROLE_NOT_ALLOWED"


# -- callers -----------------------------------------------------------------------------------------------------


def test_only_what_is_listed_here_is_public() -> None:
    assert {op.id for op in operations() if op.scheme == "public"} == PUBLIC


def test_every_sample_belongs_to_an_operation() -> None:
    assert set(SAMPLES) <= {op.id for op in operations()}


def test_every_sample_shows_every_object_and_every_id_of_its_schema(mall: Mall) -> None:
    """A schema with a new object or id in it must be tried with one."""
    for op in operations():
        if op.body is None:
            continue
        sample = mall.sample(op)
        shown = {fields for _, fields in closed_objects(op.body, sample.body)}
        assert len(shown) >= len(object_schemas(op.body)), (
            f"{op}: the sample leaves out objects of {object_schemas(op.body)}"
        )
        named = {dotted(at) for at, _ in leaves(sample.body) if at[-1] in NAMES or at[0] in ID_LISTS}
        assert named == {dotted(at) for at in sample.ids or ()} | CREATED.get(op.id, set()), op


def dotted(at: Path) -> str:
    return ".".join(str(part) for part in at)


def test_every_operation_works_for_everybody_it_is_for(mall: Mall, op: Operation) -> None:
    """What the refusals below are compared with: these very requests do work."""
    for who in callers_of(op):
        mall.restock()
        reply = mall.ask(op, mall.headers(who))
        assert reply.status_code == op.success, f"{who}: {reply.text}"


def test_nobody_else_gets_in(mall: Mall, op: Operation) -> None:
    before = mall.dump()
    for who in CALLERS:
        if who in callers_of(op):
            continue
        reply = mall.ask(op, mall.headers(who))
        if who == NOBODY or (who == SESSION) != (op.scheme == "session"):
            assert (reply.status_code, reply.json()["error"]["code"]) == (401, "UNAUTHENTICATED"), who
        else:
            assert is_refused_by_role(reply), f"{who}: {reply.text}"
    assert mall.dump() == before


def test_no_forged_token_gets_in(mall: Mall, guarded: Operation) -> None:
    op = guarded
    key = "session" if op.scheme == "session" else "identity"
    genuine = mall.caller(op)["Authorization"].removeprefix("Bearer ")
    before = mall.dump()
    for name, token in forged.variants(mall.world.issuer, key, genuine).items():
        reply = mall.ask(op, {"Authorization": f"Bearer {token}"})
        assert reply.status_code == 401, f"{name}: {reply.status_code} {reply.text}"
        assert reply.json()["error"]["code"] == ("TOKEN_EXPIRED" if name == "expired" else "UNAUTHENTICATED"), name
        assert reply.headers["www-authenticate"] == "Bearer"
    for scheme in ("Basic", "bearerx", "Token"):
        assert mall.ask(op, {"Authorization": f"{scheme} {genuine}"}).status_code == 401, scheme
    assert mall.ask(op, {"X-Authorization": f"Bearer {genuine}", "Cookie": f"token={genuine}"}).status_code == 401
    assert mall.dump() == before


# -- ids ---------------------------------------------------------------------------------------------------------


def attempts(mall: Mall, op: Operation, whose: str) -> Iterator[tuple[str, dict[str, Any], dict[str, Any], list[str]]]:
    """Requests with somebody else's real ids, each with the same request with ids that nobody has."""
    sample = mall.sample(op)
    for name in op.path_names:
        theirs, unknown = _pair(NAMES[name], whose)
        if theirs is not None:
            yield f"path {name}", {"path": {name: theirs}}, {"path": {name: unknown}}, [theirs, unknown]
    if len(op.path_names) > 1:
        pairs = {name: _pair(NAMES[name], whose) for name in op.path_names}
        if all(theirs is not None for theirs, _ in pairs.values()):
            real = {name: str(theirs) for name, (theirs, _) in pairs.items()}
            # The others stay: two unknown ids would be another question than a store that is not ours.
            none = real | {op.path_names[0]: NAMES[op.path_names[0]].unknown}
            yield "path, all", {"path": real}, {"path": none}, [*real.values(), *none.values()]
    for at, name in (sample.ids or {}).items():
        theirs, unknown = _pair(NAMES[name], whose)
        if theirs is not None and (op.id, at[-1]) not in ANYBODYS:
            yield (
                f"body {at}",
                {"body": changed(sample.body, at, theirs)},
                {"body": changed(sample.body, at, unknown)},
                [theirs, unknown],
            )
    for name in op.query_names:
        if name in NAMES:
            theirs, unknown = _pair(NAMES[name], whose)
            if theirs is not None:
                yield f"query {name}", {"query": {name: theirs}}, {"query": {name: unknown}}, [theirs, unknown]


def _pair(names: Names, whose: str) -> tuple[str | None, str]:
    return (names.rival if whose == RIVAL else names.other_store), names.unknown


@pytest.mark.parametrize("whose", [RIVAL, OTHER_STORE])
def test_somebody_elses_ids_are_answered_like_ids_that_nobody_has(mall: Mall, op: Operation, whose: str) -> None:
    """The same status, the same body, the same questions to MongoDB; nothing of theirs is read out or changed."""
    headers = mall.caller(op, stores=["*"] if whose == RIVAL else [STORE])
    stranger = mall.dump(RIVAL) if whose == RIVAL else mall.dump_of_store(OTHER_STORE)
    mall.keys()
    for name, theirs, nobodys, ids in attempts(mall, op, whose):
        mall.restock()
        mall.warm()
        with mall.seen.recorded() as asked:
            reply = mall.ask(op, headers, **theirs)
        mall.restock()
        mall.warm()
        with mall.seen.recorded() as asked_unknown:
            unknown = mall.ask(op, headers, **nobodys)
        assert answer(reply, *ids) == answer(unknown, *ids), name
        assert asked == asked_unknown, f"{name}: how long it takes would tell them apart"
        assert SECRET not in reply.text, name
    assert stores_of(mall.keys()).isdisjoint({RIVAL_STORE, OTHER_STORE})
    assert (mall.dump(RIVAL) if whose == RIVAL else mall.dump_of_store(OTHER_STORE)) == stranger


def test_without_ids_nothing_of_others_is_shown_either(mall: Mall, op: Operation) -> None:
    """Lists, and everything else that works."""
    before = mall.dump(RIVAL)
    for who in callers_of(op):
        mall.restock()
        reply = mall.ask(op, mall.headers(who, stores=[STORE, "acme-south"]))
        assert SECRET not in reply.text
        assert RIVAL_STORE not in reply.text
        assert OTHER_STORE not in reply.text
    assert mall.dump(RIVAL) == before


def test_a_scope_in_the_query_or_in_a_header_is_not_listened_to(mall: Mall, op: Operation) -> None:
    before = mall.dump(RIVAL)
    headers = mall.caller(op, stores=[STORE, "acme-south"])
    for name, value in (("storeId", RIVAL_STORE), ("tenantId", RIVAL), ("role", "operator"), ("$where", "1")):
        reply = mall.ask(op, headers, query={name: value})
        if name in op.query_names and op.method == "GET":
            assert reply.json()["data"] == []
        elif name in op.query_names:
            assert (reply.status_code, reply.json()["error"]["code"]) == (404, "STORE_NOT_FOUND")
        else:
            assert (reply.status_code, reply.json()["error"]["code"]) == (400, refusal_of_a_query(op)), name
    mall.restock()
    plain = mall.ask(op, headers)
    mall.restock()
    sneaky = {"X-Tenant-Id": RIVAL, "X-Store-Id": RIVAL_STORE, "X-Role": "operator", "X-HTTP-Method-Override": "DELETE"}
    again = mall.ask(op, {**headers, **sneaky})
    assert again.status_code == plain.status_code
    assert SECRET not in again.text
    assert mall.dump(RIVAL) == before


def refusal_of_a_query(op: Operation) -> str:
    return "VALIDATION_FAILED" if op.query_names else "UNKNOWN_PARAMETER"


def test_a_store_id_that_is_taken_is_refused_the_same_whoever_has_it(mall: Mall) -> None:
    op = operation("catalog.open_store")
    before = mall.dump()
    replies = [
        mall.ask(op, mall.headers("brand_manager"), body=changed(mall.sample(op).body, ("storeId",), store))
        for store in (STORE, RIVAL_STORE)
    ]
    first, second = (answer(reply, STORE, RIVAL_STORE) for reply in replies)
    assert first == second
    assert (first[0], first[1]["error"]["code"]) == (409, "STORE_EXISTS")
    assert mall.dump() == before


def test_a_visit_is_the_shoppers_own_whichever_store_it_is_in(mall: Mall) -> None:
    op = operation(SHOPS_ANYWHERE)
    reply = mall.ask(op, mall.headers("shopper"), body={"storeCode": mall.store_code(RIVAL, RIVAL_STORE)})
    assert reply.status_code == 201
    token = reply.json()["data"]["token"]
    scan = operation("scan.scan_code")
    mine = mall.ask(scan, {"Authorization": f"Bearer {token}"}, path={"code": NAMES["code"].rival})
    assert mine.status_code == 200
    forged_code = mall.store_code(TENANT, RIVAL_STORE)
    refused = mall.ask(op, mall.headers("shopper"), body={"storeCode": forged_code})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "STORE_CLOSED")


# -- bodies ------------------------------------------------------------------------------------------------------


def accepted_items(reply: httpx.Response) -> int:
    """How many items a bulk took; it judges each alone and answers 200."""
    data = reply.json()["data"]
    return int(data["created"] + data["updated"])


def test_a_field_outside_the_schema_is_refused_wherever_it_stands(mall: Mall, writing: Operation) -> None:
    op = writing
    assert op.body is not None
    headers, sample = mall.caller(op), mall.sample(op)
    before = mall.dump()
    for at, known in closed_objects(op.body, sample.body):
        for name in EXTRA:
            if name in known:
                continue
            reply = mall.ask(op, headers, body=changed(sample.body, (*at, name), "x"))
            where = dotted((*at, name))
            if op.id == "catalog.load_products" and at:
                assert (reply.status_code, accepted_items(reply)) == (200, 0), where
                continue
            assert reply.status_code == 400, f"{where}: {reply.text}"
            error = reply.json()["error"]
            assert error["code"] == "VALIDATION_FAILED", where
            assert any(name in detail["field"] for detail in error["details"]), where
    assert mall.dump() == before


def test_free_form_fields_take_no_operators(mall: Mall, writing: Operation) -> None:
    op = writing
    sample = mall.sample(op)
    places = {at[: i + 1] for at, _ in leaves(sample.body) for i, name in enumerate(at) if name in FREE_FORM}
    before = mall.dump()
    for at in places:
        for name in ("$set", "$where", "a.b", "\x00", ""):
            reply = mall.ask(op, mall.caller(op), body=changed(sample.body, (*at, name), "x"))
            if op.id == "catalog.load_products":
                assert accepted_items(reply) == 0
            else:
                assert reply.status_code == 400, f"{at} {name!r}: {reply.text}"
    assert mall.dump() == before


OPERATORS: tuple[Any, ...] = ({"$ne": None}, {"$gt": ""}, {"$where": "1"}, ["x"], [{"$ne": None}])


def test_an_operator_in_place_of_a_value_is_refused(mall: Mall, writing: Operation) -> None:
    op = writing
    assert op.body is not None
    sample = mall.sample(op)
    before = mall.dump()
    for at, _ in leaves(sample.body):
        if any(name in FREE_FORM for name in at):
            continue
        for value in OPERATORS:
            reply = mall.ask(op, mall.caller(op), body=changed(sample.body, at, value))
            if op.id == "catalog.load_products":
                assert (reply.status_code, accepted_items(reply)) == (200, 0), at
            else:
                assert reply.status_code == 400, f"{at} {value}: {reply.status_code} {reply.text}"
    assert mall.dump() == before


EVIL = (
    '{"$ne":null}', "%7B%22$gt%22:%22%22%7D", "..%2f..%2fetc%2fpasswd", "%00", "%0d%0aX-Evil:1", "$where", "a.b", "%ff",
    "%ed%a0%80", "'%20OR%201=1--", "%E2%80%A8", "x" * 3000,
)  # fmt: skip


def test_an_operator_or_a_path_in_place_of_an_id_finds_nothing(mall: Mall, op: Operation) -> None:
    before = mall.dump(RIVAL)
    for name in op.path_names:
        for value in EVIL:
            reply = mall.ask(op, mall.caller(op), path={name: value})
            assert reply.status_code in (400, 404, 409), f"{name}={value}: {reply.status_code} {reply.text}"
            assert SECRET not in reply.text
            assert "x-evil" not in reply.headers
    for name in op.query_names:
        for query in (
            [(name, "1"), (name, "2")],
            [(name + "[$ne]", "1")],
            [(name.upper(), "1")],
            [(name, '{"$ne":1}')],
        ):
            reply = mall.ask(op, mall.caller(op), query=query)
            if reply.status_code != 400 and (op.id, name) in LABELS:
                assert reply.status_code in (op.success, 409)
            elif reply.status_code != 400:
                assert is_text(op, name), f"{query}: {reply.text}"
                assert reply.json()["data"] == []
    assert mall.dump(RIVAL) == before


def is_text(op: Operation, query: str) -> bool:
    """Whether a query parameter is any text: an operator in it is then a text that nothing has."""
    return (op.id, query) in {
        ("catalog.list_products", "q"),
        ("import_publish.list_import_rows", "q"),
        ("price_ingest.list_price_issues", "storeId"),
        ("price_ingest.list_dead_letters", "code"),
    }


# -- the watch itself --------------------------------------------------------------------------------------------


def test_the_watch_sees_a_command_without_its_scope(mall: Mall) -> None:
    """It is what every test here ends with; this one shows that it would be red."""
    seen = mall.seen
    for command in (
        {"find": "products", "filter": {"barcode": "1"}},
        {"find": "products", "filter": {"storeId": {"$ne": ""}}},
        {"find": "products", "filter": {"$or": [{"storeId": STORE}, {"barcode": "1"}]}},
        {"find": "stores", "filter": {}},
        {"find": "sessions", "filter": {"_id": "x"}},
        {"aggregate": "products", "pipeline": [{"$sort": {"ver": 1}}], "cursor": {}},
        {"update": "brands", "updates": [{"q": {"brandId": "x"}, "u": {"$set": {"name": "x"}}}]},
        {"insert": "modules", "documents": [{"moduleId": "x"}]},
        {"findAndModify": "dead_letters", "query": {"_id": "x"}, "update": {"$set": {"x": 1}}},
        {"find": "a_new_collection", "filter": {"storeId": STORE}},
    ):
        seen.unscoped.clear()
        seen.started(started(command))
        assert len(seen.unscoped) == 1, command
    seen.unscoped.clear()
    with Redis.from_url(mall.world.settings.redis_url) as client:
        client.get("product:4006381333931")
        client.get(f"cart:{STORE}")
        client.hget("anything", "x")
    mall.redis.catch_up()
    assert mall.redis.unknown == ["GET product:4006381333931", f"GET cart:{STORE}", "HGET anything"]
    mall.redis.unknown.clear()


def started(command: Mapping[str, Any]) -> Any:
    from pymongo.monitoring import CommandStartedEvent

    return CommandStartedEvent(dict(command), "db", 1, ("127.0.0.1", 1), 1)
