"""The local Stripe as one object: in a test, or as the process that `python -m local.stripe` is.

What the tests and the demo do to it is under `/_control`; nothing there is Stripe's.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from local.stripe.api import Api
from local.stripe.book import Book
from local.stripe.faults import Faults
from local.stripe.refusals import StripeRefused
from local.stripe.webhooks import Delivery, Endpoint, Webhooks
from local.stripe.wire import Answer, Request, Server

SECRET_KEY = "sk_test_local"
PUBLISHABLE_KEY = "pk_test_local"


class FakeStripe:
    """`async with FakeStripe() as stripe: stripe.url, stripe.faults.add("create", "drop"), stripe.ledger()`.

    With a `folder` it knows everything again after its process was killed.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        folder: Path | None = None,
        endpoints: tuple[Endpoint, ...] = (),
        secret_key: str = SECRET_KEY,
        publishable_key: str = PUBLISHABLE_KEY,
        seed: int | None = None,
    ) -> None:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        self.book = Book(folder / "stripe.journal" if folder is not None else None)
        self.webhooks = Webhooks(self.book, endpoints, seed)
        self.faults = Faults(seed)
        self.api = Api(self.book, self.webhooks, self.faults, secret_key, publishable_key)
        self._server = Server(self._answer, port=port)

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.port

    @property
    def url(self) -> str:
        """The base address for Stripe's client."""
        return f"http://127.0.0.1:{self.port}"

    def ledger(self) -> list[dict[str, Any]]:
        """See `Book.ledger`."""
        return self.book.ledger()

    async def start(self) -> None:
        """Raises OSError when the port is taken."""
        await self._server.start()
        self.webhooks.start()

    async def stop(self) -> None:
        """Safe to repeat."""
        await self._server.stop()
        await self.webhooks.stop()
        self.book.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _answer(self, request: Request) -> Answer:
        if request.path.startswith("/v1/"):
            return await self.api.answer(request)
        if request.path == "/health":
            return Answer(200, b'{"status":"ok"}')
        if not request.path.startswith("/_control/"):
            return Answer(404, b'{"error":"ask for /v1/..., /health or /_control/..."}')
        try:
            asked = orjson.loads(request.body) if request.body else None
            status, value = self._control(request.method, request.path.split("/")[2:], asked)
        except (ValueError, TypeError, KeyError) as problem:
            status, value = 400, {"error": str(problem)}
        except StripeRefused as refusal:
            status, value = refusal.status, refusal.body
        self.book.flush()
        return Answer(status, orjson.dumps(value))

    def _control(self, method: str, path: list[str], asked: Any) -> tuple[int, Any]:
        match method, path:
            case "GET", ["ledger"]:
                return 200, self.ledger()
            case "GET", ["faults"]:
                return 200, self.faults.plain()
            case "POST", ["faults"]:
                self.faults.replace(asked)
                return 200, self.faults.plain()
            case "GET", ["webhooks"]:
                return 200, {"delivery": vars(self.webhooks.delivery), "counts": self.webhooks.counts}
            case "POST", ["webhooks"]:
                self.webhooks.delivery = Delivery(**asked)
                return 200, vars(self.webhooks.delivery)
            case "POST", ["webhooks", "release"]:
                return 200, {"released": self.webhooks.release()}
            case "POST", ["events", name, "resend"]:
                return (200, {}) if self.webhooks.resend(name) else (404, {"error": "no such event"})
            case "POST", ["intents", name, "decide"]:
                return 200, self.api.intents.decide(name, good=bool(asked["good"]))
            case "POST", ["intents", name, "change"]:
                # As somebody may in Stripe's dashboard, or with a key that has got out.
                fresh = {field: asked[field] for field in ("amount", "currency") if field in asked}
                return 200, self.book.put("payment_intent", self.api.intents.read(name) | fresh)
            case "POST", ["refunds", "pending"]:
                self.api.refunds.pending = bool(asked["pending"])
                return 200, asked
            case "POST", ["refunds", name, "decide"]:
                return 200, self.api.refunds.decide(name, good=bool(asked["good"]))
            case "POST", ["keys", "forget"]:
                return 200, {"forgotten": self.book.forget_keys()}
        return 404, {"error": "there is no such control"}
