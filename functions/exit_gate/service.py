"""The verbs of the gate: let out with a pass, or without one. Gather, decide, apply; then tell the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from functions.common import exit_pass, failpoints, log, metrics
from functions.common.contracts.checkout import EXITED
from functions.common.errors import Conflict, Malformed, NotFound, Problem, Unavailable
from functions.common.exit_pass import PassRefused
from functions.common.mongo import Document
from functions.common.outbox import entry
from functions.common.retail import purchase_states as states
from functions.common.stores import Store
from functions.exit_gate import domain
from functions.exit_gate.domain import Shut, Verdict

_ROUNDS = 8
_seen = metrics.Counter("exit_gate", "Passes shown and overrides asked for, by what became of them.", ("outcome",))


class Purchases(Protocol):
    """The purchases of a store; see `functions.common.purchases`."""

    async def find(self, tenant_id: str, store_id: str, identifier: str) -> Document | None: ...
    async def move(
        self,
        purchase: Mapping[str, Any],
        to: str,
        *,
        now: datetime,
        why: str = "",
        values: Mapping[str, Any] | None = None,
        push: Mapping[str, Any] | None = None,
        events: Sequence[Mapping[str, Any]] = (),
        where: Mapping[str, Any] | None = None,
    ) -> Document | None: ...
    async def tell(self, purchase: Mapping[str, Any]) -> bool: ...


@dataclass(frozen=True, slots=True)
class Deps:
    """What the verbs work with: purchases, and the public keys of passes by `kid`."""

    purchases: Purchases
    keys: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Way:
    """How somebody leaves: who operates the gate, in which request; a reason when it is without a pass."""

    who: str
    role: str
    request_id: str
    op: str
    now: datetime
    reason: str | None = None


async def open_gate(deps: Deps, store: Store, text: str, way: Way) -> Document:
    """The purchase that leaves with this pass; the pass is used from now on.

    Raises Malformed for what is no pass of ours, Conflict with the reason for one that opens nothing here (any more).
    """
    try:
        shown = exit_pass.read(text, deps.keys)
    except PassRefused as refused:
        log.security("exit_gate.pass_refused", storeId=store.id)
        _seen.inc(refused.code)
        raise Malformed(refused.message, code=refused.code, field="pass") from None
    wrong = domain.judge_place(shown, store.id, way.now)
    if wrong is not None:
        raise _refusal(wrong)
    for _ in range(_ROUNDS):
        purchase = await deps.purchases.find(store.tenant_id, store.id, shown.checkout_id)
        verdict = domain.judge(shown, purchase, op=way.op, now=way.now)
        left = await _apply(deps, purchase, verdict, way)
        if left is not None:
            return left
    raise _busy()


async def let_out(deps: Deps, store: Store, checkout_id: str, way: Way) -> Document:
    """The purchase whose shopper staff let out without a pass, for a reason that is kept.

    Raises NotFound for what is no checkout of this store, Conflict when it is not paid, paid back or has left.
    """
    for _ in range(_ROUNDS):
        purchase = await deps.purchases.find(store.tenant_id, store.id, checkout_id)
        if purchase is None:
            raise NotFound("there is no such checkout", code="CHECKOUT_NOT_FOUND")
        left = await _apply(deps, purchase, domain.judge_override(purchase, op=way.op), way)
        if left is not None:
            return left
    raise _busy()


async def _apply(deps: Deps, purchase: Document | None, verdict: Verdict, way: Way) -> Document | None:
    """The purchase once it has left; None when somebody changed it meanwhile. Raises the verdict's refusal."""
    if isinstance(verdict, Shut):
        raise _refusal(verdict)
    assert purchase is not None
    if verdict.again:
        # The first attempt died before it could say so; what it had to tell may still lie in the purchase.
        await deps.purchases.tell(purchase)
        return purchase
    await failpoints.hit("exit.before_mark")
    left = await _mark(deps, purchase, way)
    if left is not None:
        _seen.inc("OVERRIDE" if way.reason is not None else "OPENED")
        await failpoints.hit("exit.after_mark")
        await deps.purchases.tell(left)
    return left


async def _mark(deps: Deps, purchase: Document, way: Way) -> Document | None:
    """Use the pass: one conditional write, so of all who show it one gets through."""
    number = purchase["pass"]["jti"]
    override = None if way.reason is None else {"by": way.who, "role": way.role, "reason": way.reason, "at": way.now}
    push: dict[str, Any] = {}
    if override is not None:
        # Who did what to a purchase stays in it for good, in the write of the deed itself.
        who = {"who": way.who, "role": way.role, "requestId": way.request_id, "when": way.now}
        push["audit"] = {"action": "exit.overridden", "reason": way.reason, **who}
    told = {
        "checkoutId": purchase["_id"],
        "sessionId": purchase["sessionId"],
        "userId": purchase["userId"],
        "exitedAt": way.now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "override": way.reason,
    }
    return await deps.purchases.move(
        purchase,
        states.EXITED,
        now=way.now,
        why="gate" if override is None else "override",
        values={
            "pass.usedAt": way.now,
            "pass.usedBy": {"who": way.who, "role": way.role, "op": way.op},
            "pass.override": override,
        },
        push=push,
        events=[entry(EXITED, told)],
        where={"pass.jti": number, "pass.usedAt": None},
    )


def _refusal(shut: Shut) -> Problem:
    _seen.inc(shut.code)
    if shut.code == exit_pass.INVALID:
        log.security("exit_gate.pass_refused")
        return Malformed(domain.MESSAGES[shut.code], code=shut.code, field="pass")
    if shut.code == domain.USED:
        log.security("exit_gate.pass_shown_again")
    details = {"usedAt": shut.used_at} if shut.used_at is not None else None
    retry_after = 1 if shut.code == domain.NOT_READY else None
    return Conflict(domain.MESSAGES[shut.code], code=shut.code, details=details, retry_after=retry_after)


def _busy() -> Problem:
    return Unavailable("this purchase is changing just now: try again", code="CONCURRENT_EDIT")
