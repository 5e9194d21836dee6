"""The ERP that speaks GraphQL, by graphql-core: a connection of products as Relay has them."""

from __future__ import annotations

import json
from typing import Any

from graphql import build_schema, graphql_sync

from local.erp.assortment import Assortment, Item

_SDL = """
scalar Money
type Query { products(first: Int = 50, after: String, since: String): Products! }
type Products { edges: [Edge!]! pageInfo: PageInfo! revision: String! totalCount: Int! }
type PageInfo { hasNextPage: Boolean! endCursor: String }
type Edge { node: Product! }
type Product { barcode: String! name: String! supplier: String! price: Money! stock: Int! }
"""
QUERY = """
query ($after: String, $since: String) {
  products(first: 50, after: $after, since: $since) {
    edges { node { barcode name supplier price stock } }
    pageInfo { hasNextPage endCursor }
    revision
    totalCount
  }
}
"""
_MARK = "\0money\0"


async def answer(assortment: Assortment, request: dict[str, Any], *, renamed: bool) -> bytes:
    """The body of an answer. Prices are JSON numbers with two places."""
    schema = build_schema(_SDL.replace("price: Money!", "cost: Money!") if renamed else _SDL)

    def products(_info: Any, first: int = 50, after: str | None = None, since: str | None = None) -> dict[str, Any]:
        items = assortment.since(int(since or "0"))
        start = int(after or "0")
        end = start + first
        return {
            "edges": [{"node": _node(item)} for item in items[start:end]],
            "pageInfo": {"hasNextPage": end < len(items), "endCursor": str(end)},
            "revision": str(assortment.revision),
            "totalCount": len(items),
        }

    result = graphql_sync(schema, request["query"], {"products": products}, variable_values=request.get("variables"))
    text = json.dumps(result.formatted)
    mark = json.dumps(_MARK)[1:-1]
    return text.replace(f'"{mark}', "").replace(f'{mark}"', "").encode()


def _node(item: Item) -> dict[str, Any]:
    price = f"{_MARK}{item.price}{_MARK}"
    return {"barcode": item.barcode, "name": item.name, "supplier": item.supplier, "price": price, "stock": item.stock}
