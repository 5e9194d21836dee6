"""The guards of the gate: whose pass it is, what became of the purchase, and that one of many gets through."""

from __future__ import annotations

from typing import Any

import pytest

from functions.common import exit_pass
from functions.exit_gate import domain
from tests.guards.guard import OUT, Guard, both_ways, red_without, weaken
from tests.integration.exit_gate import test_gate as shown
from tests.integration.exit_gate.conftest import Gate
from tests.unit.common import test_exit_pass as signed


@both_ways
async def test_a_pass_is_used_in_one_conditional_write(
    guard: Guard, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    if guard == OUT:
        weaken(monkeypatch, lambda query: {"_id": query["_id"]})
    with red_without(guard):
        await shown.test_of_a_hundred_who_show_one_pass_at_once_one_gets_through(gate, 0)


@both_ways
async def test_the_store_of_a_pass(guard: Guard, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        monkeypatch.setattr(domain, "judge_place", lambda *_: None)
    with red_without(guard):
        await shown.test_reasons_are_told_apart(gate)


@both_ways
async def test_the_number_of_a_pass(guard: Guard, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        judge = domain.judge

        def any_number(seen: Any, purchase: Any, **how: Any) -> Any:
            return judge(seen, purchase | {"pass": purchase["pass"] | {"jti": seen.number}}, **how)

        monkeypatch.setattr(domain, "judge", any_number)
    with red_without(guard):
        await shown.test_a_pass_that_was_renewed_is_void(gate)


@both_ways
async def test_only_who_has_paid_is_let_out(guard: Guard, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        monkeypatch.setattr(domain, "judge_override", lambda *_, **__: domain.Opened(again=True))
    with red_without(guard):
        await shown.test_staff_let_nobody_out_who_has_not_paid(gate, "payment_pending", "NOT_PAID")


@both_ways
def test_the_signature_of_a_pass(guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        import jwt

        decode = jwt.decode

        def unverified(text: str, *rest: Any, **how: Any) -> Any:
            return decode(text, options={"verify_signature": False})

        monkeypatch.setattr(jwt, "decode", unverified)
    with red_without(guard):
        signed.test_another_key_under_the_known_name_is_a_forgery()


@both_ways
def test_the_kind_of_a_token(guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        monkeypatch.setattr(exit_pass, "TYP", "session+jwt")
    with red_without(guard):
        signed.test_a_token_of_another_kind_by_the_same_key_is_no_pass("session+jwt")
