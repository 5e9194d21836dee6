"""The guards of the catalogue: one product a barcode, no edit lost, no question outside its store."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pymongo import UpdateOne

from functions.catalog import repository
from functions.common.mongo import Scoped
from tests.guards.guard import OUT, Guard, both_ways, red_without
from tests.integration.catalog import test_products as products
from tests.integration.catalog import test_scope as scope
from tests.integration.catalog.conftest import Catalog


@both_ways
async def test_the_unique_index_of_store_and_barcode(
    guard: Guard, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In both cases all twenty look before anybody writes."""
    looked, everybody, find = 0, asyncio.Event(), repository.MongoProducts.find

    async def all_look_first(self: repository.MongoProducts, *where: Any) -> Any:
        nonlocal looked
        found = await find(self, *where)
        looked += 1
        if looked == 20:
            everybody.set()
        await everybody.wait()
        return found

    monkeypatch.setattr(repository.MongoProducts, "find", all_look_first)
    if guard == OUT:
        await catalog.database.products.drop_index("storeId_1_barcode_1")
    with red_without(guard):
        await products.test_twenty_creates_at_once_make_one_product(catalog)


@both_ways
async def test_the_version_in_an_edit(guard: Guard, catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    operation = repository._operation

    def blind(scoped: Scoped, write: Any) -> Any:
        made = operation(scoped, write)
        if write.before_ver is None:
            return made
        return UpdateOne({name: value for name, value in made._filter.items() if name != "ver"}, made._doc)

    if guard == OUT:
        monkeypatch.setattr(repository, "_operation", blind)
    with red_without(guard):
        await products.test_edits_of_different_fields_at_once_are_all_kept_beside_the_price_stream(catalog)


@both_ways
async def test_the_scope_of_every_question(
    guard: Guard, catalog: Catalog, recorder: scope.Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    if guard == OUT:
        monkeypatch.setattr(Scoped, "filter", lambda _self, query=None: dict(query or {}))
    with red_without(guard):
        await scope.test_every_command_carries_its_scope(recorder, catalog)
