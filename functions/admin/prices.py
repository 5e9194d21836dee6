"""A price by hand: what somebody types beside a product goes to the price stream, and is shown once it is there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from functions.admin.api import path
from functions.admin.formatting import to_minor
from functions.common.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions.admin.visit import Visit

_PAUSES = (0.1, 0.2, 0.4, 0.8, 1.5)
"""Seconds between looks at what became of it: nearly always it is there at the first or second."""


def wanted(visit: Visit, currency: str) -> int | None:
    """The price that the form asks for, in minor units; None when it is the one that was shown. Raises Malformed."""
    text = visit.field("price")
    if "price" not in visit.call.body or text == visit.field("priceShown"):
        return None
    try:
        return to_minor(text, currency)
    except ValueError as error:
        raise Malformed("must be an amount such as 1.49", field="price") from error


async def send(visit: Visit, product: Mapping[str, Any], price: int) -> bool:
    """True when it is applied, False while it is on its way. Raises Malformed when it will not be, else as the API.

    The same change of the same version is the same request, however often the form is sent.
    """
    store, barcode = str(product["storeId"]), str(product["barcode"])
    update = {"storeId": store, "barcode": barcode, "price": price}
    key = f"{store}-{barcode}-{product['ver']}-{price}"
    batch = (await visit.api.post("/v1/price-updates", {"updates": [update]}, key=key)).data["batchId"]
    for pause in _PAUSES:
        await asyncio.sleep(pause)
        became = (await visit.api.get(path("/v1/price-updates/{id}", id=batch))).data
        counts = became["counts"]
        if counts["applied"] or counts["duplicate"]:
            return True
        if counts["rejected"]:
            raise Malformed(became["rejected"][0]["reason"], field="price")
        if not counts["pending"]:
            raise Malformed("a newer price came from elsewhere", field="price")
    return False
