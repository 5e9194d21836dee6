"""The capacity plan and the bill: by hand for a tiny chain, monotone for all, and up to date in the README."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import bson
import pytest

from functions.common import mongo, product_cache
from functions.common.cards import Card, Door, load_cards
from functions.common.products import new_document
from infra.capacity import __main__ as command
from infra.capacity import sources
from infra.capacity.cost import Line, charged_seconds, lines, memory_gib, total, volumes
from infra.capacity.plan import Plan, Service, busiest, plan
from infra.capacity.sources import Figures, Prices, Size, SourceInvalid, Workload

ROOT = Path(__file__).parents[3]
ROW = {"name": "scan", "ours": 1000.0, "baseline": 500.0, "unit": "req/s"}
NAMES = ("scan", "price_batch", "price_single", "import", "memory_container", "cold_start")


@pytest.fixture
def workload() -> Workload:
    return sources.workload()


@pytest.fixture
def prices() -> Prices:
    return sources.prices()


@pytest.fixture
def figures() -> Figures:
    """Round ones: a thousand of everything, half of it for the baseline."""
    rows = {name: {**ROW, "name": name} for name in NAMES}
    return Figures("2026-11-21", "a machine", "python -m bench all --json", rows)


@pytest.fixture(scope="module")
def cards() -> tuple[Card, ...]:
    return load_cards()


def sized(stores: int, shoppers: int) -> Size:
    return Size("a chain", stores, shoppers, tenants=1)


def planned(size: Size, cards: Sequence[Card], figures: Figures, workload: Workload, prices: Prices) -> Plan:
    return plan(size, cards, figures, workload, prices)


def service(found: Plan, name: str) -> Service:
    (one,) = (service for service in found.services if service.door.service == name)
    return one


def test_the_busiest_second_by_hand(workload: Workload) -> None:
    rates = busiest(sized(stores=36, shoppers=1200), workload)
    # 1,200 shoppers stay 20 minutes: one comes a second, three in the rush, and each scans 15 things.
    assert rates.visits == pytest.approx(3)
    assert rates.scans == pytest.approx(45)
    # 36 stores send 72,000 updates a day, half of them in one hour: ten a second, a message every ten seconds.
    assert rates.updates == pytest.approx(10)
    assert rates.messages == pytest.approx(0.1)
    # 2 % of 36 stores, so one, imports 10,000 rows in an hour.
    assert rates.rows == pytest.approx(2.78, abs=0.01)


def test_instances_follow_from_the_measured_figure(
    cards: tuple[Card, ...], figures: Figures, workload: Workload, prices: Prices
) -> None:
    # 350 scans a second for each instance: 40,000 shoppers scan 1,500 times a second.
    found = planned(sized(1000, 40_000), cards, figures, workload, prices)
    assert service(found, "scan").each == pytest.approx(350)
    assert service(found, "scan").instances == 5
    faster = dataclasses.replace(figures, rows={**figures.rows, "scan": {**ROW, "ours": 8700.0}})
    assert service(planned(found.size, cards, faster, workload, prices), "scan").instances == 1


def test_a_door_never_has_fewer_instances_than_its_card_says(
    cards: tuple[Card, ...], figures: Figures, workload: Workload, prices: Prices
) -> None:
    found = planned(sized(1, 1), cards, figures, workload, prices)
    assert all(each.instances >= max(1, each.door.min_instances) for each in found.services)


def test_every_door_of_every_card_is_in_the_plan(
    cards: tuple[Card, ...], figures: Figures, workload: Workload, prices: Prices
) -> None:
    found = planned(sized(10, 10), cards, figures, workload, prices)
    assert [each.door.service for each in found.services] == [
        door.service for card in cards for door in card.doors.values()
    ]
    fewer = planned(sized(10, 10), cards[1:], figures, workload, prices)
    assert len(fewer.services) == len(found.services) - len(cards[0].doors)


def test_doors_with_a_figure_of_their_own_exist(cards: tuple[Card, ...], workload: Workload) -> None:
    assert set(workload.doors) <= {door.service for card in cards for door in card.doors.values()}


def test_the_database_grows_with_its_stores(
    cards: tuple[Card, ...], figures: Figures, workload: Workload, prices: Prices
) -> None:
    small = planned(sized(10, 30), cards, figures, workload, prices)
    large = planned(sized(1000, 3000), cards, figures, workload, prices)
    # 10 stores: 100,000 products of 1,600 bytes, 5.5 million counts of 300, 164,250 orders of 3,000; half on disk.
    assert small.mongo.data_gb == pytest.approx((0.16 + 1.6425 + 0.49275) / 2, rel=0.01)
    assert large.mongo.data_gb == pytest.approx(100 * small.mongo.data_gb)
    assert small.mongo.tier is not None
    assert large.mongo.tier is not None
    assert small.mongo.tier.hour < large.mongo.tier.hour


@pytest.mark.parametrize(
    "less",
    [{"ram_gb": 1}, {"iops": 10}, {"connections": 10}, {"vcpu": 0}, {"storage_gb": 0.01}],
    ids=lambda change: next(iter(change)),
)
def test_a_tier_that_lacks_anything_is_not_chosen(
    less: dict[str, float], cards: tuple[Card, ...], figures: Figures, workload: Workload, prices: Prices
) -> None:
    size = sized(1000, 3000)
    chosen = planned(size, cards, figures, workload, prices).mongo.tier
    assert chosen is not None
    tiers = tuple(dataclasses.replace(t, **less) if t == chosen else t for t in prices.tiers)  # type: ignore[arg-type]
    spoiled = dataclasses.replace(prices, tiers=tiers)
    other = planned(size, cards, figures, workload, spoiled).mongo.tier
    assert other is not None
    assert other.name != chosen.name


def test_a_chain_too_large_for_any_tier_must_be_sharded(
    cards: tuple[Card, ...], figures: Figures, workload: Workload, prices: Prices
) -> None:
    assert planned(sized(1_000_000, 30), cards, figures, workload, prices).mongo.tier is None


def test_the_cache_holds_what_was_scanned_lately_and_no_more_than_there_is(
    cards: tuple[Card, ...], figures: Figures, workload: Workload, prices: Prices
) -> None:
    few = planned(sized(1, 10_000), cards, figures, workload, prices)
    many = planned(sized(1000, 10_000), cards, figures, workload, prices)
    assert few.redis.used_gib < many.redis.used_gib
    assert few.redis.size_gib == 5


def test_a_bill_is_the_sum_of_quantities_times_prices(
    cards: tuple[Card, ...], figures: Figures, workload: Workload, prices: Prices
) -> None:
    bill = lines(planned(sized(10, 30), cards, figures, workload, prices), workload, prices)
    assert total(bill) == pytest.approx(sum(line.quantity * line.price for line in bill))
    assert len({line.what for line in bill}) == len(bill)


def test_everything_in_the_list_of_prices_is_paid_for(
    cards: tuple[Card, ...], figures: Figures, workload: Workload, prices: Prices
) -> None:
    def bills(of: Prices) -> float:
        plans = [planned(size, cards, figures, workload, of) for size in (sized(10, 30), sized(100_000, 40_000))]
        return sum(total(lines(each, workload, of)) for each in plans)

    unpaid = set()
    for name, entry in prices.entries.items():
        dearer = {**prices.entries, name: {**entry, "price": entry["price"] * 2}}
        if bills(dataclasses.replace(prices, entries=dearer)) == pytest.approx(bills(prices)):
            unpaid.add(name)
    # In these two sizes nobody needs more disk than the tier brings.
    assert unpaid <= {"atlas_storage_gb"}


@pytest.mark.parametrize("stores", [10, 100, 1000])
def test_more_shops_and_shoppers_cost_more_in_all_and_less_each(
    stores: int, cards: tuple[Card, ...], figures: Figures, workload: Workload, prices: Prices
) -> None:
    def bill(number: int) -> float:
        return total(lines(planned(sized(number, 3 * number), cards, figures, workload, prices), workload, prices))

    assert bill(stores) < bill(2 * stores)
    assert bill(2 * stores) / (2 * stores) <= bill(stores) / stores * 1.1


def test_volumes_of_a_month_by_hand(
    cards: tuple[Card, ...], figures: Figures, workload: Workload, prices: Prices
) -> None:
    found = planned(sized(10, 20), cards, figures, workload, prices)
    month = volumes(found, workload)
    # 20 shoppers stay 20 minutes: 60 visits an hour, 300 a day, 9,120 a month of 30.4 days.
    assert month.scans == pytest.approx(9_120 * 15)
    assert month.messages == pytest.approx(10 * 2000 * 30.4 / 100)
    assert month.tasks == pytest.approx(2 * 10 * 10_000 / 500 + 9_120)


def door(**changes: Any) -> Service:
    (card,) = (card for card in load_cards() if card.room == "scan")
    changed: Door = dataclasses.replace(card.doors["http"], **changes)
    return Service(changed, rate=1.0, figure="scan", each=100.0, instances=1)


def test_lone_requests_are_charged_for_themselves_and_a_crowd_only_for_its_time(workload: Workload) -> None:
    busy = workload("visits.busyHours") * 3600 * 30.4
    assert charged_seconds(door(), 1000, workload) == pytest.approx(100, rel=0.01)
    assert charged_seconds(door(), busy * 10_000, workload) == pytest.approx(busy)


def test_memory_is_read_as_cards_write_it() -> None:
    assert memory_gib("512Mi") == 0.5
    assert memory_gib("2Gi") == 2.0


# --- the sources


def test_the_committed_figures_are_what_the_benchmarks_print() -> None:
    found = sources.figures()
    date.fromisoformat(found.measured)
    assert found.command.startswith("python -m bench")
    for row in found.rows.values():
        assert set(row) == {"name", "ours", "baseline", "unit"}


def test_figures_are_taken_in_as_they_were_printed() -> None:
    printed = [
        json.dumps({**ROW, "name": name, "ratio": 2.0, "target": ">= 1", "holds": True}) + "\n" for name in NAMES
    ]
    document = sources.collected(printed, measured="2026-11-21", machine="m", command="c")
    assert [row["name"] for row in document["rows"]] == list(NAMES)
    assert document["rows"][0] == {**ROW, "name": "scan"}


def test_what_was_not_measured_is_named() -> None:
    with pytest.raises(SourceInvalid, match="not measured: cold_start, import, memory_container"):
        sources.collected(
            [json.dumps({**ROW, "name": name}) for name in NAMES[:3]], measured="d", machine="m", command="c"
        )
    with pytest.raises(SourceInvalid, match="this is no line of"):
        sources.collected(["name  ours  baseline"], measured="d", machine="m", command="c")


def test_every_price_says_where_it_is_from_and_when_it_was_read() -> None:
    document = json.loads((sources.HERE / "prices.json").read_text())
    for name, entry in document["prices"].items():
        assert set(entry) == {"price", "unit", "what", "source", "read"}, name
        assert entry["price"] > 0
        if entry["read"] is not None:
            date.fromisoformat(entry["read"])


def test_tiers_are_in_order(prices: Prices) -> None:
    hours = [tier.hour for tier in prices.tiers]
    assert hours == sorted(hours)


def test_what_is_assumed_of_the_code_is_still_so(workload: Workload) -> None:
    now = datetime.now(UTC)
    document = new_document(
        tenant_id="fresko",
        store_id="fresko-berlin-mitte",
        barcode="04009999000004",
        name="Oat Milk Barista Edition 1 l",
        description="Oat drink with calcium and vitamins, for coffee. Keep cool once it is open.",
        brand_id="oatly",
        category_id="plant-drinks",
        image_url="https://images.example.com/fresko/04009999000004.webp",
        now=now,
    )
    # Without price and stock, which come later.
    size = len(bson.encode(document))
    assert 0.5 * workload("bytes.product") < size < workload("bytes.product")
    longest = max(product_cache.TTL_SECONDS * (1 + product_cache.TTL_JITTER), product_cache.TOMBSTONE_TTL_SECONDS)
    assert workload("planning.cacheSeconds") == pytest.approx(longest)
    assert f"maxPoolSize={workload('planning.pool'):.0f}" in Path(mongo.__file__).read_text()


# --- the README


def test_the_tables_in_the_readme_are_what_would_be_computed(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--check"]) == 0, capsys.readouterr().err


def test_a_table_out_of_date_is_noticed_and_written_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    readme = tmp_path / "README.md"
    readme.write_text((ROOT / "infra" / "README.md").read_text().replace("scans a second", "scans an hour"))
    assert command.main(["--check"], readme=readme) == 1
    assert "Out of date" in capsys.readouterr().err
    assert command.main([], readme=readme) == 0
    assert readme.read_text() == (ROOT / "infra" / "README.md").read_text()


def test_a_lost_marker_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("nothing here\n")
    assert command.main([], readme=readme) == 1
    assert "has lost the line <!-- assumptions" in capsys.readouterr().err


def test_figures_without_a_day_and_a_machine_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--figures"], lines=io.StringIO("")) == 1
    assert "--measured and --machine" in capsys.readouterr().err


def test_a_card_that_allows_too_few_instances_is_told(
    cards: tuple[Card, ...], figures: Figures, workload: Workload, prices: Prices
) -> None:
    size = dataclasses.replace(sized(1000, 1_000_000), name="everybody")
    found = planned(size, cards, figures, workload, prices)
    assert "scan needs 108 instances for everybody; its card allows 100" in command.over_the_card(found)


def test_a_line_costs_its_quantity_times_its_price() -> None:
    assert Line("requests", 2.5, "million", 0.4).amount == pytest.approx(1.0)
