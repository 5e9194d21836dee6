"""The guards of a visit: it ends by its time, and a replaced code opens nothing."""

from __future__ import annotations

import pytest

from functions.common import stores
from functions.sessions import wiring
from functions.sessions.domain import visits as domain
from tests.guards.guard import OUT, Guard, both_ways, red_without
from tests.integration.sessions import test_visits as visits
from tests.integration.sessions.conftest import CheckIn


@both_ways
async def test_the_end_of_a_visit(guard: Guard, check_in: CheckIn, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        monkeypatch.setattr(domain, "is_over", lambda *_: False)
    with red_without(guard):
        await visits.test_an_expired_visit_is_refused_though_it_is_still_stored(check_in)


@both_ways
async def test_the_fresh_look_at_a_stores_code(
    guard: Guard, check_in: CheckIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    if guard == OUT:
        monkeypatch.setattr(wiring.FreshStores, "read", lambda _self, *where: stores.find(*where))
    with red_without(guard):
        await visits.test_a_replaced_code_opens_nothing_from_the_moment_it_was_replaced(check_in)
