"""Check-in at a store, the session token that opens this store only, the cart of the visit and its way to a till.

Written by `make docs` from docs/openapi.json; edit the rooms' schemas instead.
"""

from __future__ import annotations

from retailscan_client.connection import Connection, new_key, part
from retailscan_client.models import (
    AddLine,
    CartView,
    ChangeLine,
    CheckedIn,
    CheckIn,
    HandedCart,
    Handover,
    KeyDocument,
    SessionToken,
    SessionView,
)


class Sessions:
    """Check-in at a store, the session token that opens this store only, the cart of the visit and its way to a
    till.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def empty_cart(self, *, cart_version: int | None = None) -> CartView:
        """Empty the cart.

        Roles: shopper.

        `cart_version`: the version of the cart that this was decided on.
        """
        answer: CartView = self._connection.data(
            "DELETE", "/v1/cart", scheme="session", query={"cartVersion": cart_version}
        )
        return answer

    def read_cart(self, *, explain: bool | None = None) -> CartView:
        """The cart with the prices of now.

        Roles: shopper.

        `explain`: every promotion, also those that have nothing to do with the cart; default: false.
        """
        answer: CartView = self._connection.data("GET", "/v1/cart", scheme="session", query={"explain": explain})
        return answer

    def drop_code(self, coupon: str, *, cart_version: int | None = None) -> CartView:
        """Do not use a coupon code.

        Roles: shopper.

        `cart_version`: the version of the cart that this was decided on.
        """
        answer: CartView = self._connection.data(
            "DELETE", f"/v1/cart/codes/{part(coupon)}", scheme="session", query={"cartVersion": cart_version}
        )
        return answer

    def put_code(self, coupon: str, *, cart_version: int | None = None) -> CartView:
        """Use a coupon code.

        Roles: shopper.

        `cart_version`: the version of the cart that this was decided on.
        """
        answer: CartView = self._connection.data(
            "PUT", f"/v1/cart/codes/{part(coupon)}", scheme="session", query={"cartVersion": cart_version}
        )
        return answer

    def offer_handover(self, *, idempotency_key: str | None = None) -> Handover:
        """Codes that hand the cart over to a till.

        Roles: shopper.
        """
        answer: Handover = self._connection.data(
            "POST", "/v1/cart/handover", scheme="session", key=idempotency_key or new_key()
        )
        return answer

    def add_line(self, body: AddLine, *, idempotency_key: str | None = None) -> CartView:
        """Put what was scanned into the cart.

        The body may have 16,384 bytes.

        Roles: shopper.
        """
        answer: CartView = self._connection.data(
            "POST", "/v1/cart/lines", scheme="session", body=body, key=idempotency_key or new_key()
        )
        return answer

    def remove_line(self, line_id: str, *, cart_version: int | None = None) -> CartView:
        """Take a line out of the cart.

        Roles: shopper.

        `cart_version`: the version of the cart that this was decided on.
        """
        answer: CartView = self._connection.data(
            "DELETE", f"/v1/cart/lines/{part(line_id)}", scheme="session", query={"cartVersion": cart_version}
        )
        return answer

    def change_line(self, line_id: str, body: ChangeLine) -> CartView:
        """Change the quantity or the note of a line.

        The body may have 16,384 bytes.

        Roles: shopper.
        """
        answer: CartView = self._connection.data(
            "PATCH", f"/v1/cart/lines/{part(line_id)}", scheme="session", body=body
        )
        return answer

    def read_handover(self, handover_id: str) -> HandedCart:
        """The cart behind a code.

        Roles: store_manager, store_staff.
        """
        answer: HandedCart = self._connection.data("GET", f"/v1/handovers/{part(handover_id)}", scheme="identity")
        return answer

    def claim_handover(self, handover_id: str) -> HandedCart:
        """Take the cart to this till; the shopper's visit is over.

        Roles: store_manager, store_staff.
        """
        answer: HandedCart = self._connection.data(
            "POST", f"/v1/handovers/{part(handover_id)}/claim", scheme="identity"
        )
        return answer

    def read_keys(self) -> KeyDocument:
        """The public keys of session tokens (RFC 7517)."""
        answer: KeyDocument = self._connection.raw("GET", "/v1/jwks.json", scheme=None)
        return answer

    def check_in(self, body: CheckIn, *, idempotency_key: str | None = None) -> CheckedIn:
        """Check in at a store with the code at its entrance.

        The body may have 8,192 bytes.

        Roles: shopper.
        """
        answer: CheckedIn = self._connection.data(
            "POST", "/v1/sessions", scheme="identity", body=body, key=idempotency_key or new_key()
        )
        return answer

    def read_current_session(self) -> SessionView:
        """The visit of this session token.

        Roles: shopper.
        """
        answer: SessionView = self._connection.data("GET", "/v1/sessions/current", scheme="session")
        return answer

    def end_session(self, session_id: str) -> SessionView:
        """End a visit; may be repeated.

        Roles: shopper.
        """
        answer: SessionView = self._connection.data("DELETE", f"/v1/sessions/{part(session_id)}", scheme="identity")
        return answer

    def read_session(self, session_id: str) -> SessionView:
        """A visit of your own.

        Roles: shopper.
        """
        answer: SessionView = self._connection.data("GET", f"/v1/sessions/{part(session_id)}", scheme="identity")
        return answer

    def renew_session_token(self, session_id: str) -> SessionToken:
        """A fresh token; the visit goes on for another half hour, four hours at most.

        Roles: shopper.
        """
        answer: SessionToken = self._connection.data(
            "POST", f"/v1/sessions/{part(session_id)}/token", scheme="identity"
        )
        return answer
