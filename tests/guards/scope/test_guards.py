"""The guards between tenants and stores, taken out of the whole suite: the matrix of tests/security is red."""

from __future__ import annotations

import pytest

from functions.common import stores
from functions.common.auth import Principal
from functions.common.mongo import Scoped
from tests.guards.guard import OUT, Guard, both_ways, red_without
from tests.security import test_matrix as matrix
from tests.security.contract import operation
from tests.security.goods import OTHER_STORE, RIVAL, RIVAL_STORE, TENANT
from tests.security.mall import Mall


@both_ways
@pytest.mark.parametrize(
    "name", ["catalog.read_brand", "catalog.edit_module", "price_ingest.read_dead_letter", "sessions.read_session"]
)
def test_the_scope_of_every_question(guard: Guard, name: str, mall: Mall, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        monkeypatch.setattr(Scoped, "filter", lambda _self, query=None: dict(query or {}))
    with red_without(guard):
        matrix.test_somebody_elses_ids_are_answered_like_ids_that_nobody_has(mall, operation(name), RIVAL)
    if guard == OUT:
        assert mall.seen.unscoped, "the watch saw nothing"
        mall.seen.unscoped.clear()


@both_ways
@pytest.mark.parametrize("name", ["catalog.read_product", "catalog.list_products", "catalog.withdraw_product"])
def test_the_tenant_of_a_store(guard: Guard, name: str, mall: Mall, monkeypatch: pytest.MonkeyPatch) -> None:
    find = stores.find

    async def whosever(_tenant_id: str, store_id: str) -> stores.Store | None:
        return await find(RIVAL if store_id == RIVAL_STORE else TENANT, store_id)

    if guard == OUT:
        monkeypatch.setattr(stores, "find", whosever)
    with red_without(guard):
        matrix.test_somebody_elses_ids_are_answered_like_ids_that_nobody_has(mall, operation(name), RIVAL)


@both_ways
@pytest.mark.parametrize(
    "name",
    ["catalog.read_product", "catalog.edit_store", "price_ingest.send_price_updates"],
)
def test_the_stores_of_a_token(guard: Guard, name: str, mall: Mall, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        monkeypatch.setattr(Principal, "may_use_store", lambda *_: True)
    with red_without(guard):
        matrix.test_somebody_elses_ids_are_answered_like_ids_that_nobody_has(mall, operation(name), OTHER_STORE)
