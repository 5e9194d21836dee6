"""What the verbs of a checkout work with: small Protocols, so that tests can hand in something else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from functions.checkout.payments.provider import Payments
from functions.checkout.recent import Recent
from functions.common.brand_cards import Card
from functions.common.cart_lines import ProductNow
from functions.common.carts import Carts
from functions.common.mongo import Document
from functions.common.promotion_source import Promotions
from functions.common.purchases import Purchases
from functions.common.redemptions import Redemption, Refusal
from functions.common.retail.promotion_rules import Rule
from functions.common.retail.promotions import Usage
from functions.common.stock_holds import Emptied, Leftover, Reserved
from functions.common.stores import Store
from functions.common.tenants import TenantSettings


class Papers(Protocol):
    """Receipts and exit passes; see functions/checkout/papers."""

    async def issue_receipt(self, purchase: Document, now: datetime) -> Document | None:
        """The purchase with its `receipt`, which is the same however often it is asked for.

        None when the purchase has changed meanwhile: read it again.
        """
        ...

    async def new_pass(self, purchase: Document, now: datetime) -> Document:
        """What goes into the purchase's `pass`; it counts once it is written."""
        ...


class Holds(Protocol):
    """Stock held inside the products; `functions.common.stock_holds`."""

    async def reserve(
        self,
        tenant_id: str,
        store_id: str,
        order: str,
        demand: Mapping[str, int],
        until: datetime,
        *,
        scarce: Collection[str] = (),
    ) -> Reserved:
        """Hold what an order takes, as far as it goes."""
        ...

    async def commit(
        self, tenant_id: str, store_id: str, order: str, sold: Mapping[str, int], at: datetime, *, by: str
    ) -> None:
        """What was held is sold."""
        ...

    async def release(self, tenant_id: str, store_id: str, order: str, barcodes: Sequence[str]) -> int:
        """What is held goes back."""
        ...

    async def leftovers(self, before: datetime, limit: int) -> list[Leftover]:
        """Holds that should have ended before then."""
        ...


class Cards(Protocol):
    """Brand cards; `functions.common.brand_cards`."""

    async def claim(
        self, *, tenant_id: str, store_id: str, session_id: str, card_id: str, checkout_id: str, now: datetime
    ) -> Card | None:
        """Take the card for a checkout."""
        ...

    async def find(self, tenant_id: str, store_id: str, session_id: str, card_id: str) -> Card | None:
        """The card, used or over as it may be."""
        ...

    async def release(self, tenant_id: str, store_id: str, card_id: str, checkout_id: str) -> None:
        """Let go of it."""
        ...

    async def use(self, tenant_id: str, store_id: str, card_id: str, checkout_id: str, now: datetime) -> None:
        """It is used for good."""
        ...


class Redemptions(Protocol):
    """Limits of promotions; `functions.common.redemptions`."""

    async def usage(
        self, tenant_id: str, user_id: str, codes: Sequence[str], rules: Sequence[Rule], *, order_id: str = ""
    ) -> Mapping[str, Usage]:
        """What was taken so far."""
        ...

    async def claim(
        self,
        *,
        tenant_id: str,
        store_id: str,
        user_id: str,
        order_id: str,
        redemptions: Sequence[Redemption],
        now: datetime,
    ) -> Sequence[Refusal]:
        """Take what a basket needs, all or nothing."""
        ...

    async def confirm(self, tenant_id: str, order_id: str) -> bool:
        """It is used for good."""
        ...

    async def release(self, tenant_id: str, order_id: str) -> bool:
        """Let go of it."""
        ...


@dataclass(frozen=True, slots=True)
class Deps:
    """What the doors hand to the verbs.

    `remind(at)` has purchases that are due looked after within a second after that time. `sold_out(tenant, store,
    products)` tells other shoppers that the last has been taken.
    """

    purchases: Purchases
    carts: Carts
    payments: Payments
    papers: Papers
    holds: Holds
    cards: Cards
    redemptions: Redemptions
    rules: Promotions
    store: Callable[[str, str], Awaitable[Store | None]]
    terms: Callable[[str], Awaitable[TenantSettings]]
    products: Callable[[str, str, Sequence[str]], Awaitable[Mapping[str, ProductNow]]]
    remind: Callable[[datetime], Awaitable[None]]
    sold_out: Callable[[str, str, Sequence[Emptied]], Awaitable[None]]
    recent: Recent = field(default_factory=Recent)
