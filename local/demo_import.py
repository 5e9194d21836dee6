"""The chapter of the story in which a brand manager brings a file of products. One of its rows is no good."""

from __future__ import annotations

import time
from secrets import randbelow
from typing import TYPE_CHECKING, Any

from local import catalogue

if TYPE_CHECKING:
    from local.demo import Story

TENANT = catalogue.TENANTS[0]
STORE = TENANT.stores[0][0]
OVER = ("published", "partly_published", "failed", "rolled_back")


async def new_products(story: Story) -> None:
    """Bring it, see what is wrong, put it right, let it go live, scan it, and take it all back."""
    # Numbers of its own for every telling: the same file again would be recognised.
    first = 60_000 + 3 * randbelow(10_000)
    codes = [catalogue.gtin(TENANT, number) for number in range(first, first + 3)]
    prices = ("2.49", "two euros", "1.19")
    lines = [f"{code},Elderflower Soda {code[-6:]},{price},24" for code, price in zip(codes, prices, strict=True)]
    content = "\n".join(["barcode,name,price,stock", *lines, ""]).encode()
    headers = {"content-type": "text/csv"}
    path = f"/v1/imports?storeId={STORE}&name=sodas.csv"
    begun = await story.call("POST", path, "brand_manager", 202, content=content, headers=headers)
    own = begun["imports"][0]["statusUrl"]

    staged = await _until(story, own, "staged", "failed")
    counts = staged["counts"]
    story.hold((counts["create"], counts["errors"]) == (2, 1), f"of three rows: {counts}")
    (row,) = await story.call("GET", f"{own}/rows?status=error", "brand_manager")
    fault = row["faults"][0]
    story.say(
        f"9. The brand manager imports a file of 3 products: 2 are good, line {row['line']} is not "
        f"({fault['code']}: {fault['value']!r}). Nothing of it is on sale."
    )
    body = {"values": {"price": "1.99"}}
    await story.call("PATCH", f"{own}/rows/{row['line']}", "brand_manager", json=body)

    started = time.perf_counter()
    await story.call("POST", f"{own}/approve", "brand_manager", 202, json={})
    published = await _until(story, own, *OVER)
    took = f"{(time.perf_counter() - started) * 1000:.0f} ms"
    story.hold(published["state"] == "published", f"the import is {published['state']}: {published['result']}")
    seen = await story.scan(codes[1])
    story.hold(seen["unitPrice"] == 199, f"the corrected product costs {seen['unitPrice']}")
    story.say(f"10. They put the row right and approve: {took} later Ada scans {seen['product']['name']} for 1.99.")
    story.figures.append(("import approved to published", took))

    await story.call("POST", f"{own}/rollback", "brand_manager", 202)
    await _until(story, own, "rolled_back")
    await story.call("GET", f"/v1/scan/{codes[1]}", "session", 404)
    story.say("11. It was the wrong store: they roll the import back, and the products are gone again.")


async def _until(story: Story, own: str, *states: str) -> Any:
    async def reached() -> Any:
        found = await story.call("GET", own, "brand_manager")
        return found if found["state"] in states else None

    return await story.until(reached, f"the import to be {' or '.join(states)}", pause=0.03)
