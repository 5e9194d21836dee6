"""Small rules of the runner: which rooms to restart, which ports to use, who holds which token."""

from datetime import UTC, datetime
from pathlib import Path

import jwt
import pytest

from functions.common import cards
from local.issuer import Issuer
from local.ports import Ports
from local.processes import LocalError
from local.scheduler import seconds_until_next
from local.supervisor import changed_rooms
from local.tokens import mint
from local.topology import Schedule

FUNCTIONS = Path("/repo/functions")
ISSUER = Issuer()


@pytest.mark.parametrize(
    ("paths", "rooms"),
    [
        (["scan/domain.py"], {"scan"}),
        (["scan/domain.py", "catalog/function.yaml"], {"scan", "catalog"}),
        (["common/http.py", "scan/domain.py"], None),
        (["__init__.py"], None),
        (["scan/README.md", "scan/__pycache__/domain.pyc"], set()),
        (["../docs/x.py"], set()),
    ],
)
def test_only_the_room_that_changed_is_restarted(paths: list[str], rooms: set[str] | None) -> None:
    changed = [Path("/repo/docs/x.py") if path.startswith("..") else FUNCTIONS / path for path in paths]
    assert changed_rooms(changed, FUNCTIONS) == rooms


def test_chosen_ports_are_next_to_one_another_and_all_different() -> None:
    ports = Ports.above(8080, ["scan", "catalog"], mongo_members=3)
    every = [ports.gateway, ports.redis, ports.pubsub, ports.tasks, ports.issuer, ports.admin, *ports.mongo]
    every += [ports.secrets, ports.storage, *ports.doors.values()]
    assert ports.doors == {"catalog": 8100, "scan": 8101}
    assert len(set(every)) == len(every)
    assert min(every) == 8080


def _claims(token: str) -> dict[str, object]:
    claims: dict[str, object] = jwt.decode(token, options={"verify_signature": False})
    return claims


def test_a_shopper_in_a_store_holds_a_session_token() -> None:
    token = mint(ISSUER, "shopper", tenant="acme", stores="acme-1")
    assert jwt.get_unverified_header(token)["typ"] == "session+jwt"
    assert _claims(token)["storeId"] == "acme-1"


def test_a_shopper_at_home_has_no_tenant() -> None:
    assert "tenantId" not in _claims(mint(ISSUER, "shopper"))


def test_staff_without_stores_have_all_of_their_tenant() -> None:
    claims = _claims(mint(ISSUER, "erp", tenant="acme"))
    assert (claims["tenantId"], claims["storeIds"]) == ("acme", ["*"])


@pytest.mark.parametrize(
    ("role", "tenant", "stores", "said"),
    [
        ("king", "acme", (), "there is no role king"),
        ("erp", None, (), "needs a tenant"),
        ("shopper", "acme", ("a", "b"), "one store of one tenant"),
        ("shopper", None, ("a",), "one store of one tenant"),
    ],
)
def test_a_token_nobody_could_hold_is_refused(
    role: str, tenant: str | None, stores: tuple[str, ...], said: str
) -> None:
    with pytest.raises(LocalError, match=said):
        mint(ISSUER, role, tenant=tenant, stores=stores)


def _schedule(cron: str | None, every: int | None) -> Schedule:
    door: cards.Door = next(iter(cards.doors(cards.load_cards())))
    return Schedule("x", door, cards.Schedule("x", "/jobs/x", cron, every, "Europe/Berlin"))


def test_a_period_and_a_cron_line_both_say_how_long_to_wait() -> None:
    now = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    assert seconds_until_next(_schedule(None, 60), now) == 60.0
    assert seconds_until_next(_schedule("0 1 * * *", None), now) == 30 * 60.0
