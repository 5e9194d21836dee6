"""What a room may do in MongoDB is what its code can come to do there: not less, or it fails; not more, for nothing."""

from __future__ import annotations

import pytest

from functions.common.cards import Card, load_cards
from functions.common.migrations import SHARED
from tests.infra.terraform.collections_used import used_by

CARDS = {card.room: card for card in load_cards()}
GROUND_FLOOR = {collection.name for collection in SHARED}


def lacks(card: Card) -> list[str]:
    """Sentences on how `uses` of the card should read."""
    used, own = used_by(card.room), {*card.collections, *GROUND_FLOOR}
    where = f"functions/{card.room}/function.yaml: uses"
    wanted = {"read": used.reads - own, "write": used.writes - own}
    found = {"read": set(card.reads), "write": set(card.writes)}
    return [
        *(f"{where}.{kind} lacks {name}" for kind in wanted for name in sorted(wanted[kind] - found[kind])),
        *(
            f"{where}.{kind} names {name}, which the code does not {kind} beyond its own"
            for kind in wanted
            for name in sorted(found[kind] - wanted[kind])
        ),
    ]


@pytest.mark.parametrize("room", CARDS)
def test_a_room_may_in_mongodb_what_its_code_does_there(room: str) -> None:
    assert lacks(CARDS[room]) == []


def test_reading_is_told_from_writing() -> None:
    scan, prices = used_by("scan"), used_by("price_ingest")
    assert "products" in scan.reads
    assert scan.writes <= GROUND_FLOOR
    assert {"products", "parked_updates", "stock_movements"} <= prices.writes
    assert "stores" in prices.reads


def test_what_the_ground_floor_keeps_is_open_to_all_rooms_in_terraform() -> None:
    from tests.infra.terraform.conftest import TERRAFORM

    text = (TERRAFORM / "modules" / "topology" / "main.tf").read_text()
    (line,) = (line for line in text.splitlines() if "shared_collections =" in line)
    assert sorted(GROUND_FLOOR) == sorted(line.partition("[")[2].rstrip("]").replace('"', "").split(", "))
