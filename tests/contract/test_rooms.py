"""What a room must have, and where its card, its code and the other cards must agree: told in sentences."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

from functions.common.cards import Card, Topic, load_cards
from retailscan import inspector

ROOT = Path(__file__).parents[2]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The rooms and their unit tests, to be spoiled."""
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "functions", tmp_path / "functions", ignore=ignore)
    shutil.copytree(ROOT / "tests" / "unit", tmp_path / "tests" / "unit", ignore=ignore)
    return tmp_path


def spoils(copy: Path) -> list[str]:
    """What the copy lacks that the repository does not."""
    before = inspector.lacks(ROOT)
    return [sentence for sentence in inspector.lacks(copy) if sentence not in before]


@pytest.fixture(scope="module")
def cards() -> tuple[Card, ...]:
    return load_cards()


def test_no_room_lacks_anything() -> None:
    assert inspector.lacks(ROOT) == []


def test_cards_and_code_agree(cards: tuple[Card, ...]) -> None:
    assert inspector.disagreements(cards) == []


def test_a_new_room_is_told_what_it_lacks(copy: Path) -> None:
    (copy / "functions" / "alerts").mkdir()
    assert spoils(copy) == [
        "functions/alerts has no __init__.py",
        "functions/alerts has no README.md",
        "functions/alerts has no function.yaml",
        "functions/alerts has no main.py",
        "functions/alerts has no tests in tests/unit/alerts",
    ]


def test_a_door_plate_without_a_runbook_is_noticed(copy: Path) -> None:
    readme = copy / "functions" / "scan" / "README.md"
    readme.write_text(readme.read_text().replace("Runbook", "Notes").replace("runbook", "notes"))
    assert spoils(copy) == ["functions/scan/README.md has no chapter about its runbook"]


def test_an_empty_file_and_a_class_among_the_doors_are_noticed(copy: Path) -> None:
    (copy / "functions" / "scan" / "extra.py").write_text("\n")
    main = copy / "functions" / "scan" / "main.py"
    main.write_text(main.read_text() + "\n\nclass State:\n    pass\n")
    assert spoils(copy) == [
        "functions/scan/extra.py is empty: nothing is created empty",
        "functions/scan/main.py defines the class State: doors hold no classes and no state",
    ]


def spoiled(cards: tuple[Card, ...], room: str, **changes: object) -> tuple[Card, ...]:
    return tuple(dataclasses.replace(card, **changes) if card.room == room else card for card in cards)  # type: ignore[arg-type]


def with_door(cards: tuple[Card, ...], room: str, name: str, **changes: object) -> tuple[Card, ...]:
    (card,) = (card for card in cards if card.room == room)
    door = dataclasses.replace(card.doors[name], **changes)  # type: ignore[arg-type]
    return spoiled(cards, room, doors={**card.doors, name: door})


def test_a_target_that_does_not_exist_is_noticed(cards: tuple[Card, ...]) -> None:
    wrong = inspector.disagreements(with_door(cards, "scan", "http", target="scam"))
    assert "functions/scan/main.py has no function scam, which the card's door http names" in wrong


def test_a_target_of_the_other_kind_is_noticed(cards: tuple[Card, ...]) -> None:
    wrong = inspector.disagreements(with_door(cards, "scan", "http", kind="events"))
    assert "functions/scan/main.py: scan is a HttpDoor, but the card's door http is events" in wrong


def test_an_operation_that_no_route_leads_to_is_noticed(cards: tuple[Card, ...]) -> None:
    wrong = inspector.disagreements(with_door(cards, "scan", "http", routes=("/v1/scans",)))
    assert "POST /v1/scan of scan leads to nobody by the cards' routes" in wrong
    assert "scan claims the route /v1/scans, but no operation of it lies there" in wrong


def test_a_trigger_that_nobody_handles_is_noticed(cards: tuple[Card, ...]) -> None:
    (card,) = (card for card in cards if card.room == "catalog")
    job = dataclasses.replace(card.doors["jobs"].schedules["sweep-outbox"], path="/jobs/weep")
    wrong = inspector.disagreements(with_door(cards, "catalog", "jobs", schedules={"sweep-outbox": job}))
    assert "functions/catalog/main.py: catalog_jobs does not handle /jobs/weep of the card" in wrong
    assert "functions/catalog/main.py: /jobs/sweep-outbox is handled, but no trigger on the card leads there" in wrong


def test_a_collection_the_card_does_not_list_is_noticed(cards: tuple[Card, ...]) -> None:
    wrong = inspector.disagreements(spoiled(cards, "catalog", collections=("products", "ghosts")))
    assert "functions/catalog/function.yaml does not list the collection stores" in wrong
    assert any("does not declare ghosts" in sentence for sentence in wrong)


def test_a_dead_letter_topic_without_a_subscription_is_noticed(cards: tuple[Card, ...]) -> None:
    (card,) = (card for card in cards if card.room == "price_ingest")
    silent = {
        name: dataclasses.replace(
            door, subscriptions={k: s for k, s in door.subscriptions.items() if s.dead_letter is not None}
        )
        for name, door in card.doors.items()
    }
    wrong = inspector.disagreements(spoiled(cards, "price_ingest", doors=silent))
    assert any("has no subscription: its messages would be lost" in sentence for sentence in wrong)


def test_a_subscription_without_an_end_is_noticed(cards: tuple[Card, ...]) -> None:
    (card,) = (card for card in cards if card.room == "price_ingest")
    endless = {
        name: dataclasses.replace(
            door, subscriptions={k: dataclasses.replace(s, dead_letter=None) for k, s in door.subscriptions.items()}
        )
        for name, door in card.doors.items()
    }
    wrong = inspector.disagreements(spoiled(cards, "price_ingest", doors=endless))
    assert any("has no dead letter" in sentence for sentence in wrong)


def test_a_topic_whose_tenants_do_not_show_in_the_path_is_noticed(cards: tuple[Card, ...]) -> None:
    (card,) = (card for card in cards if card.room == "price_ingest")
    shared: dict[str, Topic] = {n: dataclasses.replace(t, per_tenant=False) for n, t in card.topics.items()}
    wrong = inspector.disagreements(spoiled(cards, "price_ingest", topics=shared))
    assert any("a topic per tenant goes with {tenantId} in the path" in sentence for sentence in wrong)


def test_an_event_without_a_contract_or_a_publisher_is_noticed(cards: tuple[Card, ...]) -> None:
    wrong = inspector.disagreements(spoiled(cards, "scan", consumes=("catalog.product_melted",)))
    assert "the event catalog.product_melted of scan has no contract and sample in functions/common/contracts" in wrong
    assert "scan consumes catalog.product_melted, which nobody publishes" in wrong
