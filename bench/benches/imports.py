"""A file of a million products, from upload to the last one live, against a raw `bulk_write` of their documents."""

from __future__ import annotations

import dataclasses

from bench import assortment, beside, importing, stage
from bench.importing import Times
from bench.options import Options, note
from bench.results import CannotMeasure, Row, at_least, at_most
from local.suite import Suite

ROWS = 1_000_000
RAW = "bench_products"
MOST_MIB = 256


async def measure(options: Options) -> list[Row]:
    """Rows a second in all, in its two halves, and the most memory the working process had."""
    rows = options.rows or ROWS
    async with stage.suite("import_publish", "price_ingest") as suite, importing.manager(suite) as imports:
        file = suite.data_dir / "assortment.csv"
        size = assortment.write(file, assortment.goods(rows, assortment.titles()))
        note(f"import: {rows:,} rows, {size / (1 << 20):.1f} MiB")
        times = await importing.publish(imports, file, rows, "full")
        memory = importing.peak_mib(suite)
        note(
            f"import: uploaded after {times.uploaded:.1f} s, staged after {times.staged:.1f} s, "
            f"published after {times.published:.1f} s ({rows / times.published:,.0f} rows/s), {memory:.0f} MiB"
        )
        raw = await _bulk(suite, rows)
        note(f"import: bulk_write of the same documents {raw:,.0f}/s")
    return _rows(rows, times, raw, memory)


def _rows(rows: int, times: Times, raw: float, memory: float) -> list[Row]:
    about = f"{rows:,} new products from upload to published"
    publishing = rows / (times.published - times.staged)
    return [
        Row(
            "import",
            rows / times.published,
            "rows/s",
            f"{about}, against a raw unordered bulk_write of their documents",
            raw,
            at_least(0.4),
        ),
        Row("import_stage", rows / (times.staged - times.uploaded), "rows/s", "of it reading, checking and comparing"),
        Row("import_publish", publishing, "rows/s", "of it publishing, five chunks of 500 at a time", raw),
        Row("import_memory", memory, "MiB", "the most the working process had resident", target=at_most(MOST_MIB)),
    ]


async def _bulk(suite: Suite, rows: int) -> float:
    """Documents a second, upserted 500 a call into a fresh collection with the same indexes and validator."""
    from pymongo import AsyncMongoClient

    from functions.common import migrations

    (products,) = (each for each in migrations.discover()["catalog"] if each.name == "products")
    client: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(suite.mongo_uri)
    async with client:
        await migrations.apply(client[suite.mongo_database], [dataclasses.replace(products, name=RAW)])
    job = {
        "uri": suite.mongo_uri,
        "database": suite.mongo_database,
        "source": "products",
        "target": RAW,
        "query": {"storeId": stage.STORE, "barcode": {"$gte": assortment.barcode(0), "$lt": assortment.barcode(rows)}},
    }
    answer = await beside.ask("upserts", job, timeout=3_600)
    if answer["written"] != rows:
        raise CannotMeasure(f"of {rows} documents {answer['written']} were upserted")
    return rows / float(answer["seconds"])
