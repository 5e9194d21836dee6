"""Somebody who imports files through public doors, and an oracle that knows what must be live afterwards."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.faults.shop import STORE, TENANT, Shop, barcode_of

WORKER = "import-publish-work"
SWEEP = f"{WORKER}-resume-imports"
CHUNK = 500
HEADER = "barcode,name,price,stock"


class Caller:
    """Somebody with a token, at the gateway or, when there is none, at the door itself."""

    def __init__(self, shop: Shop, role: str, tenant: str = TENANT, *, url: str | None = None) -> None:
        self._http, self._url = shop.http, url or shop.suite.gateway_url
        self._headers = shop.suite.authorization(role, tenant=tenant)

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """The answer, whatever it is."""
        headers = {**self._headers, **more.pop("headers", {})}
        return await self._http.request(method, self._url + path, headers=headers, **more)

    async def __call__(self, method: str, path: str, **more: Any) -> Any:
        """The data of a good answer."""
        answer = await self.ask(method, path, **more)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json()["data"]

    async def bring(self, content: str | bytes, name: str = "goods.csv", media: str = "text/csv", **query: Any) -> str:
        """Upload a file; the id of its import."""
        body = content.encode() if isinstance(content, str) else content
        query = {"storeId": STORE, "name": name, **query}
        accepted = await self("POST", "/v1/imports", params=query, content=body, headers={"content-type": media})
        return str(accepted["imports"][0]["importId"])

    async def until(self, import_id: str, *states: str, seconds: float = 30) -> Any:
        """The import, in one of these states. An answer that does not come is asked for again."""
        async with asyncio.timeout(seconds):
            while True:
                answer = await self.ask("GET", f"/v1/imports/{import_id}")
                if answer.is_success and answer.json()["data"]["state"] in states:
                    return answer.json()["data"]
                assert answer.is_success or answer.status_code in (429, 500, 503), answer.text
                await asyncio.sleep(0.1)


@dataclass(slots=True)
class Oracle:
    """What a file must make of a store. It knows the rows as they were made up, and nothing of who imports them."""

    live: dict[str, tuple[str, int, int]] = field(default_factory=dict)
    """barcode -> name, minor units, thousandths: as they must be afterwards."""
    refused: int = 0
    lines: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, seed: int, rows: int, known: Sequence[str]) -> Oracle:
        """A file of which about half the rows are about products that are known, and one in a hundred is no good."""
        rng = random.Random(seed)
        made = cls()
        numbers = rng.sample(range(100_000, 100_000 + 10 * rows), rows)
        for place, number in enumerate(numbers):
            barcode = known[place // 2] if place % 2 and place // 2 < len(known) else barcode_of(number)
            name, cents, pieces = f"Import {number}", rng.randrange(1, 50_000), rng.randrange(0, 300)
            price = f"{cents // 100}.{cents % 100:02d}"
            if place % 100 == 50:
                made.refused += 1
                price = rng.choice(["free", "-1.00", "1.234", "NaN", "1_000"])
            else:
                made.live[barcode] = (name, cents, pieces * 1000)
            made.lines.append(f"{barcode},{name},{price},{pieces}")
        return made

    def file(self) -> str:
        """The file as CSV."""
        return "\n".join([HEADER, *self.lines, ""])

    async def differences(self, shop: Shop, import_id: str) -> list[str]:
        """Where the store is not as it must be, and where a row had an effect twice or none."""
        found = []
        products = {p["barcode"]: p async for p in shop.db["products"].find({"storeId": STORE})}
        for barcode, expected in self.live.items():
            stored = products.get(barcode)
            now = stored and (stored["name"], stored["price"]["amount"], stored["stock"]["avail"])
            if now != expected:
                found.append(f"{barcode}: {now} instead of {expected}")
        strangers = products.keys() - self.live.keys() - set(shop.barcodes)
        found += [f"{barcode}: nobody asked for it" for barcode in strangers]
        mine = {"audit_log": {"requestId": import_id}, "stock_movements": {"by": f"import:{import_id}"}}
        for name, query in mine.items():
            key = "$entityId" if name == "audit_log" else "$barcode"
            stages: list[dict[str, Any]] = [
                {"$match": {"storeId": STORE, **query}},
                {"$group": {"_id": key, "n": {"$sum": 1}}},
            ]
            times = {each["_id"]: each["n"] async for each in await shop.db[name].aggregate(stages)}
            found += [f"{barcode}: {n} times in {name}" for barcode, n in times.items() if n > 1]
            if name == "audit_log" and times.keys() != self.live.keys():
                found.append(f"{len(times)} products in {name}, of {len(self.live)}")
        return found


async def five_minutes_later(shop: Shop) -> None:
    """What stands still is due, and the sweep comes by."""
    await shop.db["imports"].update_many({"dueAt": {"$exists": True}}, [{"$set": {"dueAt": "$$NOW"}}])
    await shop.suite.fire(SWEEP)
