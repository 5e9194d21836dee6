"""The three ERP adapters against their simulators: everything arrives, whatever they do; or nothing, with a reason."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from functions.import_publish.sources.blobs import Bucket
from functions.import_publish.sources.fetch import Fetched, fetch, probe
from functions.import_publish.sources.problems import Budget, NothingNew, SourceProblem
from local.erp.graphql import QUERY
from local.erp.web import Erp
from tests.integration.import_publish.sources.conftest import MakeJob

SHAPES: dict[str, dict[str, Any]] = {
    "rest": {
        "kind": "rest",
        "path": "/rest/products",
        "items": "data.items",
        "required": ["barcode", "price"],
        "etag": True,
        "paging": {
            "kind": "cursor", "parameter": "cursor", "next": "meta.next", "count": "meta.count", "total": "meta.total",
            "size": 50, "sizeParameter": "limit",
        },
        "changes": {"parameter": "since", "next": "meta.asOf"},
    },
    "graphql": {
        "kind": "graphql",
        "path": "/graphql",
        "query": QUERY,
        "items": "products.edges",
        "item": "node",
        "required": ["barcode", "price"],
        "paging": {
            "parameter": "after", "next": "products.pageInfo.endCursor", "more": "products.pageInfo.hasNextPage",
            "total": "products.totalCount",
        },
        "changes": {"parameter": "since", "next": "products.revision"},
    },
    "soap": {
        "kind": "soap",
        "path": "/soap",
        "operation": "ListProducts",
        "items": "product",
        "required": ["barcode", "price"],
        "paging": {"parameter": "cursor", "next": "next", "more": "more"},
        "changes": {"parameter": "since", "next": "revision"},
    },
}  # fmt: skip
KINDS = sorted(SHAPES)
IMPATIENT = Budget(
    seconds=8, connect_seconds=1, silence_seconds=0.4, slow_after=0.5, page_bytes=1 << 20, file_bytes=4 << 20, tries=3
)


def settings(erp: Erp, kind: str, **more: Any) -> dict[str, Any]:
    shape = SHAPES[kind] | more
    return {**shape, "url": erp.url + shape["path"]}


class Puller:
    """One pull after the other, as the worker does it."""

    def __init__(self, erp: Erp, make_job: MakeJob, bucket: Bucket, folder: str, budget: Budget | None = None) -> None:
        self.erp, self.make_job, self.bucket, self.folder, self.budget = erp, make_job, bucket, folder, budget
        self.told: list[Mapping[str, Any]] = []
        self.dies_after: int | None = None

    async def alive(self, progress: Mapping[str, Any] | None) -> None:
        if progress is not None:
            self.told.append(json.loads(json.dumps(progress)))
            if self.dies_after is not None and len(self.told) >= self.dies_after:
                raise ConnectionAbortedError("killed")

    async def pull(self, shape: Mapping[str, Any], **more: Any) -> Fetched:
        before = more.pop("before", None)
        job = self.make_job(shape, f"127.0.0.1:{self.erp.port}", budget=self.budget, **more)
        return await fetch(job, self.bucket, self.folder, attempt=1, alive=self.alive, before=before)

    async def lines(self, fetched: Fetched) -> list[dict[str, Any]]:
        data = await self.bucket.run(lambda: self.bucket.open(fetched.stored.object).read())
        return [json.loads(line) for line in data.splitlines()]


@pytest.fixture
def puller(erp: Erp, make_job: MakeJob, bucket: Bucket, folder: str) -> Puller:
    return Puller(erp, make_job, bucket, folder)


@pytest.fixture
def hurried(erp: Erp, make_job: MakeJob, bucket: Bucket, folder: str) -> Puller:
    return Puller(erp, make_job, bucket, folder, IMPATIENT)


@pytest.mark.parametrize("kind", KINDS)
async def test_every_page_arrives_with_its_prices_to_the_cent(erp: Erp, puller: Puller, kind: str) -> None:
    fetched = await puller.pull(settings(erp, kind))
    items = await puller.lines(fetched)
    assert [each["barcode"] for each in items] == [each.barcode for each in erp.assortment.items]
    assert [each["price"] for each in items] == [each.price for each in erp.assortment.items]
    assert items[0]["price"] == "1.10"
    assert fetched.items == 120


@pytest.mark.parametrize("kind", KINDS)
async def test_the_next_pull_brings_only_what_has_changed(erp: Erp, puller: Puller, kind: str) -> None:
    first = await puller.pull(settings(erp, kind))
    erp.assortment.touch(3)
    second = await puller.pull(settings(erp, kind), checkpoint=first.checkpoint)
    assert [each["barcode"] for each in await puller.lines(second)] == [i.barcode for i in erp.assortment.items[:3]]


async def test_an_etag_the_erp_knows_ends_the_pull(erp: Erp, puller: Puller) -> None:
    first = await puller.pull(settings(erp, "rest"))
    with pytest.raises(NothingNew):
        await puller.pull(settings(erp, "rest"), checkpoint=first.checkpoint)
    erp.assortment.touch(1)
    again = await puller.pull(settings(erp, "rest"), checkpoint=first.checkpoint)
    assert again.items == 1


@pytest.mark.parametrize("paging", [{"kind": "link"}, {"kind": "page", "parameter": "page", "size": 50}])
async def test_pages_are_found_by_link_and_by_number_too(erp: Erp, puller: Puller, paging: dict[str, Any]) -> None:
    fetched = await puller.pull(settings(erp, "rest", paging=paging))
    assert fetched.items == 120


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", ["429", "500", "timeouts", "half-pages", "not-json"])
async def test_what_passes_is_tried_again(erp: Erp, hurried: Puller, kind: str, fault: str, waits: list[float]) -> None:
    erp.misbehaviour.change({fault: 2})
    fetched = await hurried.pull(settings(erp, kind))
    assert len(await hurried.lines(fetched)) == 120
    assert len(waits) == 2
    if fault == "429":
        assert all(1.0 <= wait <= 1.6 for wait in waits), "the ERP's Retry-After was 1"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("fault", "codes"),
    [
        ("429", {"SOURCE_BUSY"}),
        ("500", {"SOURCE_FAILS", "ERP_BAD_ANSWER"}),
        ("401", {"SOURCE_REFUSES"}),
        ("timeouts", {"SOURCE_TIMES_OUT"}),
        ("half-pages", {"ERP_BAD_ANSWER"}),
        ("not-json", {"ERP_BAD_ANSWER"}),
        ("changed-schema", {"ERP_SCHEMA_CHANGED"}),
        ("endless", {"SOURCE_TOO_LARGE"}),
        ("slow", {"SOURCE_TOO_SLOW", "SOURCE_TIMES_OUT"}),
        ("gzip-bomb", {"SOURCE_TOO_LARGE"}),
        ("wrong-charset", {"ERP_BAD_ENCODING", "ERP_BAD_ANSWER"}),
        ("deep", {"ERP_BAD_ANSWER"}),
        ("redirect", {"SOURCE_REDIRECTS"}),
    ],
)
async def test_what_does_not_pass_fails_with_its_reason(
    erp: Erp, hurried: Puller, bucket: Bucket, folder: str, kind: str, fault: str, codes: set[str]
) -> None:
    erp.misbehaviour.change({fault: -1})
    with pytest.raises(SourceProblem) as caught:
        await hurried.pull(settings(erp, kind))
    assert caught.value.code in codes
    assert await bucket.stat(f"{folder}/1-items.ndjson") is None


@pytest.mark.parametrize("kind", KINDS)
async def test_a_changed_schema_is_said_with_its_place(erp: Erp, puller: Puller, kind: str) -> None:
    erp.misbehaviour.change({"changed-schema": -1})
    with pytest.raises(SourceProblem) as caught:
        await puller.pull(settings(erp, kind))
    place = {"rest": "data.items[0].price", "graphql": "query", "soap": "cost"}[kind]
    assert place in (caught.value.where or "")


@pytest.mark.parametrize(
    ("fault", "code", "where"),
    [
        ("moved-items", "ERP_SCHEMA_CHANGED", "data.items"),
        ("short-pages", "ERP_HALF_PAGE", "meta.count"),
        ("same-cursor", "ERP_GOES_ROUND", "meta.next"),
    ],
)
async def test_half_an_assortment_is_not_taken_for_a_whole_one(
    erp: Erp, hurried: Puller, fault: str, code: str, where: str
) -> None:
    erp.misbehaviour.change({fault: -1})
    with pytest.raises(SourceProblem) as caught:
        await hurried.pull(settings(erp, "rest"))
    assert (caught.value.code, caught.value.where) == (code, where)


async def test_no_entity_of_a_dtd_is_ever_looked_at(erp: Erp, puller: Puller) -> None:
    erp.misbehaviour.change({"xml-entities": -1})
    with pytest.raises(SourceProblem) as caught:
        await puller.pull(settings(erp, "soap"))
    assert caught.value.code == "ERP_BAD_ANSWER"
    assert not caught.value.passing


async def test_absurd_prices_come_as_the_text_they_are(erp: Erp, puller: Puller) -> None:
    erp.misbehaviour.change({"absurd-prices": -1})
    items = await puller.lines(await puller.pull(settings(erp, "rest")))
    assert {each["price"] for each in items} == {"1e9", "-1.00", "999999999999.99", "1e400", "0.001"}


@pytest.mark.parametrize("kind", KINDS)
async def test_another_worker_continues_where_one_died(
    erp: Erp, puller: Puller, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.import_publish.sources.fetch.PART_BYTES", 1)
    puller.dies_after = 2
    with pytest.raises(ConnectionAbortedError):
        await puller.pull(settings(erp, kind))
    asked = len(erp.seen)
    puller.dies_after = None
    fetched = await puller.pull(settings(erp, kind), before=puller.told[-1])
    assert [i["barcode"] for i in await puller.lines(fetched)] == [i.barcode for i in erp.assortment.items]
    wsdl = 1 if kind == "soap" else 0
    assert len(erp.seen) - asked == 1 + wsdl, "two of three pages were there already"


async def test_a_cursor_that_has_died_meanwhile_means_from_the_beginning(
    erp: Erp, puller: Puller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.import_publish.sources.fetch.PART_BYTES", 1)
    puller.dies_after = 1
    with pytest.raises(ConnectionAbortedError):
        await puller.pull(settings(erp, "rest"))
    puller.dies_after = None
    erp.misbehaviour.change({"lost-cursor": 1})
    fetched = await puller.pull(settings(erp, "rest"), before=puller.told[-1])
    assert [i["barcode"] for i in await puller.lines(fetched)] == [i.barcode for i in erp.assortment.items]


@pytest.mark.parametrize("auth", ["bearer", "basic", "header"])
async def test_credentials_go_into_the_header_they_belong_to(erp: Erp, puller: Puller, auth: str) -> None:
    shape = settings(erp, "rest", auth={"kind": auth, "header": "X-Api-Key"})
    secret = {"token": "t0p-s3cret", "username": "erp", "password": "pa:ss"}
    await puller.pull(shape, secret=secret)
    headers = erp.seen[0].headers
    if auth == "bearer":
        assert headers["authorization"] == "Bearer t0p-s3cret"
    elif auth == "basic":
        assert headers["authorization"] == "Basic ZXJwOnBhOnNz"
    else:
        assert headers["x-api-key"] == "t0p-s3cret"


async def test_a_link_to_another_server_is_not_followed_with_our_credentials(erp: Erp, puller: Puller) -> None:
    async with Erp() as other:
        shape = settings(erp, "rest", paging={"kind": "link"}, auth={"kind": "bearer"})
        position = {"url": f"{other.url}/rest/products"}
        with pytest.raises(SourceProblem) as caught:
            await puller.pull(shape, secret={"token": "x"}, before={"position": position})
        assert caught.value.code == "SOURCE_FORBIDDEN_ADDRESS"
        assert not other.seen


@pytest.mark.parametrize("query", ["mutation { wipe }", "query A { x } query B { y }", "subscription { x }", "{", ""])
async def test_only_one_query_that_only_reads_is_sent(erp: Erp, puller: Puller, query: str) -> None:
    with pytest.raises(SourceProblem) as caught:
        await puller.pull(settings(erp, "graphql", query=query))
    assert caught.value.code == "SOURCE_SETTINGS"
    assert not erp.seen


@pytest.mark.parametrize("kind", KINDS)
async def test_a_probe_asks_for_one_page_and_says_what_is_in_it(erp: Erp, make_job: MakeJob, kind: str) -> None:
    found = await probe(make_job(settings(erp, kind), f"127.0.0.1:{erp.port}"))
    assert found == {"items": 50, "fields": ["barcode", "name", "price", "stock", "supplier"]}


async def test_one_pull_of_endlessly_many_pages_ends_at_the_limit(erp: Erp, make_job: MakeJob, bucket: Bucket) -> None:
    small = Budget(seconds=10, file_bytes=5_000)
    puller = Puller(erp, make_job, bucket, "acme/small", small)
    with pytest.raises(SourceProblem) as caught:
        await puller.pull(settings(erp, "rest"))
    assert caught.value.code == "SOURCE_TOO_LARGE"
