"""A typed client of RetailScan's public API.

with RetailScan("https://api.example.com", identity=token) as api:
    for store in api.catalog.list_stores():
        print(store["name"])

Money is integer minor units, quantities are integer thousandths, times are RFC 3339 in UTC; names are those of the
contract. `models` has the types, `rooms` the calls.
"""

from retailscan_client.client import VERSION, RetailScan
from retailscan_client.connection import Event, Listing, Page, Retry
from retailscan_client.errors import ApiError, NoToken, RetailScanError, Unreachable

__all__ = [
    "VERSION",
    "ApiError",
    "Event",
    "Listing",
    "NoToken",
    "Page",
    "RetailScan",
    "RetailScanError",
    "Retry",
    "Unreachable",
]
