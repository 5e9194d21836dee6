"""Stripe's HTTP API as far as checkouts use it: who asks, which verb, idempotency keys, expansion, lists."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import orjson

from local.stripe import forms
from local.stripe.book import Book, Plain
from local.stripe.faults import Faults, Rule
from local.stripe.intents import Intents
from local.stripe.refunds import Refunds
from local.stripe.refusals import StripeRefused, invalid
from local.stripe.webhooks import Webhooks
from local.stripe.wire import Answer, Broken, Request

_STORED_500 = {"error": {"type": "api_error", "message": "An unknown error occurred. Please retry."}}
_LIMITED = {"error": {"type": "invalid_request_error", "code": "rate_limit", "message": "Too many requests."}}


class Api:
    """Answers requests under /v1. `secret_key` and `publishable_key` are the only ones it takes."""

    def __init__(self, book: Book, webhooks: Webhooks, faults: Faults, secret_key: str, publishable_key: str) -> None:
        self._book, self._webhooks, self.faults = book, webhooks, faults
        self._secret, self._public = secret_key, publishable_key
        self._key: str | None = None
        self.intents = Intents(book, self._tell)
        self.refunds = Refunds(book, self._tell)
        self._busy: set[str] = set()
        self.seen: dict[str, int] = {}

    async def answer(self, request: Request) -> Answer:
        """The reply; raises Broken when there is to be none."""
        try:
            verb, work = self._route(request)
        except StripeRefused as refusal:
            return _json(refusal.status, refusal.body)
        except ValueError as problem:
            return _json(400, invalid(str(problem), "body").body)
        self.seen[verb] = self.seen.get(verb, 0) + 1
        rule = self.faults.strike(verb)
        early = await self._before(rule, request)
        if early is not None:
            return early
        status, body, headers = await self._once(request, verb, work, rule)
        return await self._after(rule, _json(status, body, headers))

    # ---- faults

    async def _before(self, rule: Rule | None, request: Request) -> Answer | None:
        if rule is None:
            return None
        if rule.effect == "drop-before":
            raise Broken
        if rule.effect == "500-before":
            return _json(500, _STORED_500)
        if rule.effect == "429":
            return _json(429, _LIMITED, {"stripe-rate-limited-reason": "global-rate"})
        if rule.effect == "stored-500-before":
            key = request.headers.get("idempotency-key")
            if key and self._book.get("key", key) is not None:
                return None  # what was stored is said again, as such
            if key:
                self._remember(key, _fingerprint(request), 500, _STORED_500)
            return _json(500, _STORED_500)
        return None

    async def _after(self, rule: Rule | None, answer: Answer) -> Answer:
        effect = rule.effect if rule is not None else ""
        if effect == "drop":
            raise Broken
        if effect == "hang" and rule is not None:
            await asyncio.sleep(rule.seconds)
            raise Broken
        if effect in ("500", "stored-500"):
            return _json(500, _STORED_500)
        if effect == "garbage":
            return Answer(200, b"<html>a proxy was here</html>", {"content-type": "text/html"})
        return answer

    # ---- idempotency

    async def _once(
        self, request: Request, verb: str, work: Callable[[], Plain], rule: Rule | None
    ) -> tuple[int, Any, dict[str, str]]:
        key = request.headers.get("idempotency-key") if request.method == "POST" else None
        fingerprint = _fingerprint(request)
        if key is not None:
            known = self._book.get("key", key)
            if known is not None and known["fingerprint"] != fingerprint:
                message = (
                    "Keys for idempotent requests can only be used with the same parameters they were first used with."
                )
                return 400, {"error": {"type": "idempotency_error", "message": message}}, {}
            if known is not None:
                return known["status"], known["body"], {"idempotent-replayed": "true"}
            if key in self._busy:
                message = "There is currently another in-progress request using this Idempotent Key."
                return 409, {"error": {"type": "idempotency_error", "message": message}}, {}
            self._busy.add(key)
        try:
            if rule is not None and rule.effect == "slow":
                await asyncio.sleep(rule.seconds)
            status, body, stored = self._work(work, key)
            if key is not None and stored:
                failed = rule is not None and rule.effect == "stored-500"
                self._remember(key, fingerprint, 500 if failed else status, _STORED_500 if failed else body)
        finally:
            self._busy.discard(key or "")
            self._book.flush()
        return status, body, {}

    def _work(self, work: Callable[[], Plain], key: str | None) -> tuple[int, Any, bool]:
        self._key = key
        try:
            return 200, work(), True
        except StripeRefused as refusal:
            return refusal.status, refusal.body, refusal.stored
        finally:
            self._key = None

    def _remember(self, key: str, fingerprint: str, status: int, body: Any) -> None:
        self._book.put("key", {"id": key, "fingerprint": fingerprint, "status": status, "body": body})

    def _tell(self, kind: str, value: Plain) -> None:
        self._webhooks.tell(kind, value, {"id": None, "idempotency_key": self._key})

    # ---- routes

    def _route(self, request: Request) -> tuple[str, Callable[[], Plain]]:
        params = forms.parse(request.body.decode() if request.method == "POST" else request.query)
        expand = params.pop("expand", None) or []
        self._authorise(request, params)
        params.pop("key", None)
        params.pop("client_secret", None)
        match request.method, request.path.split("/")[2:]:
            case "POST", ["payment_intents"]:
                return "create", lambda: self._shown(self.intents.create(params), expand)
            case "GET", ["payment_intents"]:
                return "list", lambda: self._list("payment_intent", params, expand)
            case "GET", ["payment_intents", name]:
                return "read", lambda: self._shown(self.intents.read(name), expand)
            case "POST", ["payment_intents", name, "confirm"]:
                return "confirm", lambda: self._shown(self.intents.confirm(name, params), expand)
            case "POST", ["payment_intents", name, "capture"]:
                return "capture", lambda: self._shown(self.intents.capture(name, params), expand)
            case "POST", ["payment_intents", name, "cancel"]:
                return "cancel", lambda: self._shown(self.intents.cancel(name, params), expand)
            case "POST", ["refunds"]:
                return "refund", lambda: self.refunds.create(params)
            case "GET", ["refunds"]:
                return "list", lambda: self._list("refund", params, expand)
            case "GET", ["refunds", name]:
                return "read", lambda: self.refunds.read(name)
            case "GET", ["events"]:
                return "list", lambda: self._list("event", params, expand)
        message = f"Unrecognized request URL ({request.method}: {request.path})."
        raise StripeRefused(404, message, code="resource_missing")

    def _authorise(self, request: Request, params: Plain) -> None:
        given = request.headers.get("authorization", "")
        token = given[7:] if given.lower().startswith("bearer ") else str(params.get("key", ""))
        if token == self._secret:
            return
        parts = request.path.split("/")
        # What an app may do: read or confirm the intent whose secret it holds.
        if token == self._public and parts[2:3] == ["payment_intents"] and len(parts) in (4, 5):
            intent = self._book.get("payment_intent", parts[3])
            known = intent is not None and params.get("client_secret") == intent["client_secret"]
            if known and (len(parts) == 4 or parts[4] == "confirm"):
                return
        raise StripeRefused(401, "Invalid API Key provided.", kind="invalid_request_error")

    def _shown(self, intent: Plain, expand: list[str]) -> Plain:
        if "latest_charge" in expand and intent.get("latest_charge"):
            return intent | {"latest_charge": self._book.get("charge", intent["latest_charge"])}
        return intent

    def _list(self, kind: str, params: Plain, expand: list[str]) -> Plain:
        limit = int(params.pop("limit", 10))
        if not 1 <= limit <= 100:
            raise invalid("limit must be between 1 and 100", "limit")
        after = params.pop("starting_after", None)
        found = self._found(kind, params)
        if after is not None:
            found = _behind(found, after)
        page = list(islice(found, limit + 1))
        inner = [name.removeprefix("data.") for name in expand]
        data = [self._shown(each, inner) if kind == "payment_intent" else each for each in page[:limit]]
        return {"object": "list", "data": data, "has_more": len(page) > limit, "url": f"/v1/{kind}s"}

    def _found(self, kind: str, params: Plain) -> Iterator[Plain]:
        created = params.pop("created", {})
        intent, type_ = params.pop("payment_intent", None), params.pop("type", None)
        undelivered = params.pop("delivery_success", None) == "false"
        if params:
            raise invalid(f"Received unknown parameter: {next(iter(params))}", next(iter(params)), "parameter_unknown")
        for each in self._book.newest_first(kind):
            if int(created.get("gte", 0)) <= each["created"] < int(created.get("lt", 1 << 40)) and (
                intent in (None, each.get("payment_intent"))
                and type_ in (None, each.get("type"))
                and not (undelivered and not each["pending_webhooks"])
            ):
                yield each


def _behind(found: Iterator[Plain], name: str) -> Iterator[Plain]:
    for each in found:
        if each["id"] == name:
            return found
    return iter(())


def _fingerprint(request: Request) -> str:
    return hashlib.sha256(b"%s %s" % (request.path.encode(), request.body)).hexdigest()


def _json(status: int, value: Any, headers: dict[str, str] | None = None) -> Answer:
    return Answer(status, orjson.dumps(value), headers or {})
