"""The client with all its rooms.

Written by `make docs` from docs/openapi.json; edit the rooms' schemas instead.
"""

from __future__ import annotations

from functools import cached_property

from retailscan_client.connection import Connection
from retailscan_client.rooms.admin import Admin
from retailscan_client.rooms.catalog import Catalog
from retailscan_client.rooms.checkout import Checkout
from retailscan_client.rooms.discount import Discount
from retailscan_client.rooms.exit_gate import ExitGate
from retailscan_client.rooms.import_publish import ImportPublish
from retailscan_client.rooms.notify import Notify
from retailscan_client.rooms.price_ingest import PriceIngest
from retailscan_client.rooms.scan import Scan
from retailscan_client.rooms.sessions import Sessions

VERSION = "0.1.0"


class RetailScan(Connection):
    """A suite of RetailScan on behalf of one caller; see Connection for how it is made."""

    version = VERSION

    @cached_property
    def admin(self) -> Admin:
        """The pages on which brand managers, store staff and operators see and steer what the public API offers
        them.
        """
        return Admin(self)

    @cached_property
    def catalog(self) -> Catalog:
        """Stores, brands, modules and settings of a tenant, and the products of every store, with who changed what."""
        return Catalog(self)

    @cached_property
    def checkout(self) -> Checkout:
        """From the cart to the exit pass, one purchase at a time, charged once and never oversold."""
        return Checkout(self)

    @cached_property
    def discount(self) -> Discount:
        """Promotions of a tenant as versioned rules, what a basket gets by them and why, and the brand cards of
        shoppers.
        """
        return Discount(self)

    @cached_property
    def exit_gate(self) -> ExitGate:
        """The way out of a store, where an exit pass opens the gate once and staff may help."""
        return ExitGate(self)

    @cached_property
    def import_publish(self) -> ImportPublish:
        """Files of products of any size, staged, checked and compared, approved, published, retried and rolled
        back.
        """
        return ImportPublish(self)

    @cached_property
    def notify(self) -> Notify:
        """Tells shoppers on their devices, and in open apps, what became of their visit, cart, card and payment."""
        return Notify(self)

    @cached_property
    def price_ingest(self) -> PriceIngest:
        """Prices and stock counts from ERPs, applied in any order of arrival, never backwards, and told to
        everyone.
        """
        return PriceIngest(self)

    @cached_property
    def scan(self) -> Scan:
        """Says what a scanned code is, what it costs in this store and whether it may be sold."""
        return Scan(self)

    @cached_property
    def sessions(self) -> Sessions:
        """Check-in at a store, the session token that opens this store only, the cart of the visit and its way to
        a till.
        """
        return Sessions(self)
