"""Rows against what is live: what is wrong with them there, and what they would change. One look a part of rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from functions.import_publish.domain.codes import ERROR, worst
from functions.import_publish.domain.differences import LIVE_FIELDS, diff
from functions.import_publish.domain.rows import Row
from functions.import_publish.domain.rules import check_live
from functions.import_publish.domain.staged import StagedRow, settle
from functions.import_publish.live_repository import Live, projection
from functions.import_publish.reading import Terms

_ALWAYS = ("barcode", "status", "measure", "name")


class Judge:
    """Compares rows with the products of one store. What seldom changes is looked up once: brands, and whether the
    store has packs at all."""

    def __init__(self, live: Live, document: Mapping[str, Any], terms: Terms) -> None:
        self._live, self._terms = live, terms
        self._tenant_id, self._store_id = document["tenantId"], document["storeId"]
        self._brands: Collection[str] = frozenset()
        self._has_packs = False

    async def prepare(self) -> Judge:
        """Look up what is the same for all rows."""
        self._brands = await self._live.brands(self._tenant_id)
        self._has_packs = await self._live.has_packs(self._tenant_id, self._store_id)
        return self

    async def judge(self, rows: Sequence[Row]) -> list[StagedRow]:
        """The rows as they are staged; their faults grow by what shows only against the live products."""
        barcodes = [row.barcode for row in rows if row.barcode is not None]
        carried: set[str] = set()
        for row in rows:
            carried.update(row.values)
        fields = projection(LIVE_FIELDS, carried, _ALWAYS)
        live = await self._live.find(self._tenant_id, self._store_id, barcodes, fields)
        packs: Mapping[str, str] = {}
        if self._has_packs and barcodes:
            packs = await self._live.packs(self._tenant_id, self._store_id, barcodes)
        return list(self._staged(rows, live, packs))

    def _staged(
        self, rows: Iterable[Row], live: Mapping[str, Mapping[str, Any]], packs: Mapping[str, str]
    ) -> Iterable[StagedRow]:
        rules, brands = self._terms.rules, self._brands
        for row in rows:
            barcode = row.barcode
            product = live.get(barcode) if barcode is not None else None
            if barcode is not None:
                pack_of = packs.get(barcode) if packs else None
                check_live(row, product, rules, pack_of=pack_of if pack_of != barcode else None, brands=brands)
            staged: StagedRow = {"r": row.line, "b": barcode, "v": row.values}
            if row.origin is not None:
                staged["l"] = row.origin
            if not row.faults:
                staged["a"], changes = diff(row.values, product)
                if changes:
                    staged["d"] = changes
            elif worst(row.faults) == ERROR:
                staged["raw"] = row.raw
                settle(staged, row.faults)
            else:
                staged["a"], changes = diff(row.values, product)
                if changes:
                    staged["d"] = changes
                settle(staged, row.faults)
            yield staged
