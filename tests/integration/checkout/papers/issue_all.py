"""A process of its own that issues receipts until every purchase has one, or it is killed on the way."""

from __future__ import annotations

import asyncio
import random
import sys

from functions.checkout.papers.issuing import Papers
from functions.common import clock, mongo, stores, tenants
from functions.common.errors import Unavailable
from functions.common.purchases import COLLECTION, Purchases


async def main(seed: int) -> None:
    """Eight at a time, in an order of its own."""
    chance = random.Random(seed)
    purchases = Purchases()
    papers = Papers(purchases, stores.find, tenants.settings_of)
    while True:
        found = mongo.collection(COLLECTION).find({"receipt": None})
        waiting = [document async for document in found]
        if not waiting:
            break
        chance.shuffle(waiting)
        await asyncio.gather(*(one(papers, purchase) for purchase in waiting[:8]))
    await mongo.close()


async def one(papers: Papers, purchase: dict[str, object]) -> None:
    """Whoever is too slow looks again."""
    try:
        await papers.issue_receipt(purchase, clock.now())
    except Unavailable:
        await asyncio.sleep(0.05)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
