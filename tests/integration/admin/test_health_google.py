"""Google's figures and log lines become the health of the platform, behind the real client and Google's own sign-in."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from functions.admin.health import Away, Cache, Door, Waiting
from functions.admin.health_google import GoogleCloud, Signer, link_of
from functions.admin.health_watch import Watch
from tests.integration.admin.googles import PROJECT, Google, Metric, served

RUN, PUBSUB = "run.googleapis.com/", "pubsub.googleapis.com/subscription/"
DEPTH, AGE = f"{PUBSUB}num_undelivered_messages", f"{PUBSUB}oldest_unacked_message_age"
TRACE = "ab" * 16


def requests(service: str, code: str, number: int, ago: float = 240, revision: str = "1") -> Metric:
    labels = {"service_name": service, "revision_name": f"{service}-{revision}"}
    return Metric(
        f"{RUN}request_count", "cloud_run_revision", "DELTA", [(ago, number)], labels, {"response_code_class": code}
    )


def slow(service: str, *milliseconds: float) -> Metric:
    return Metric(
        f"{RUN}request_latencies", "cloud_run_revision", "DELTA", [(240, list(milliseconds))], {"service_name": service}
    )


def waiting(metric: str, name: str, *points: tuple[float, int], tenant: str = "") -> Metric:
    users = {"room": "any"} | ({"tenant": tenant} if tenant else {})
    return Metric(metric, "pubsub_subscription", "GAUGE", list(points), {"subscription_id": name}, {}, users)


def reads(name: str, number: int, service: str = "scan", **labels: str) -> Metric:
    own = {"service_name": service, **labels}
    return Metric(f"workload.googleapis.com/{name}", "generic_task", "CUMULATIVE", [(240, number)], {}, own)


def entry(ago: float, **fields: Any) -> dict[str, Any]:
    at = datetime.now(UTC) - timedelta(seconds=ago)
    made = {
        "insertId": f"{ago}", "severity": "ERROR", "timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.%f123Z"),
        "resource": {"type": "cloud_run_revision", "labels": {"service_name": "scan", "project_id": PROJECT}},
        "logName": f"projects/{PROJECT}/logs/run.googleapis.com%2Fstderr",
    }  # fmt: skip
    return made | fields


@pytest.fixture
async def google() -> AsyncIterator[Google]:
    async with served() as made:
        yield made


@pytest.fixture
async def cloud(google: Google, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[GoogleCloud]:
    """The client with a service account of its own, whose tokens come from the test's Google."""
    key = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    account = {
        "type": "service_account", "project_id": PROJECT, "private_key_id": "1", "private_key": key.decode(),
        "client_email": f"door-admin@{PROJECT}.iam.gserviceaccount.com", "token_uri": f"{google.url}/token",
    }  # fmt: skip
    (tmp_path / "account.json").write_text(json.dumps(account))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "account.json"))
    async with httpx.AsyncClient(timeout=3.0, trust_env=False) as client:
        yield GoogleCloud(client, Signer(), PROJECT, urls=(google.url, google.url))


async def test_doors_are_known_by_their_answers_over_all_revisions_and_pages(
    google: Google, cloud: GoogleCloud
) -> None:
    google.metrics = [
        requests("scan", "2xx", 1_200), requests("scan", "2xx", 270, revision="2"), requests("scan", "5xx", 30),
        requests("scan", "4xx", 1_500, ago=30), requests("checkout", "5xx", 3), requests("catalog", "2xx", 3),
        slow("scan", *range(1, 101)),
    ]  # fmt: skip
    figures = await cloud.look()
    assert figures.doors is not None
    doors = {each.service: each for each in figures.doors}
    assert doors["scan"] == Door("scan", True, 5.0, 0.02, 95.0), "what came in the last three minutes is not complete"
    assert doors["checkout"] == Door("checkout", False, 0.01, 1.0)
    assert doors["catalog"].up is True
    assert google.tokens_given == 1


async def test_subscriptions_have_depth_age_and_tenant_and_queues_a_depth(google: Google, cloud: GoogleCloud) -> None:
    google.metrics = [
        waiting(DEPTH, "sales", (20, 7), (80, 900)), waiting(AGE, "sales", (20, 31)),
        waiting(DEPTH, "price-updates-acme", (90, 2), tenant="acme"),
        waiting(AGE, "price-updates-acme", (90, 12), tenant="acme"),
        waiting(AGE, "price-updates-bolt", (30, 4), tenant="bolt"),
        Metric("cloudtasks.googleapis.com/queue/depth", "cloud_tasks_queue", "GAUGE", [(30, 5)], {"queue_id": "work"}),
    ]  # fmt: skip
    figures = await cloud.look()
    assert figures.subscriptions is not None
    assert set(figures.subscriptions) == {
        Waiting("sales", 7, 31.0),
        Waiting("price-updates-acme", 2, 12.0, "acme"),
        Waiting("price-updates-bolt", None, 4.0, "bolt"),
    }
    assert figures.queues == (Waiting("work", 5, None),)
    assert "Cloud Tasks" in figures.unknown["queues.oldestAgeSeconds"]


async def test_the_cache_is_judged_by_the_scans_of_all_instances(google: Google, cloud: GoogleCloud) -> None:
    google.metrics = [
        reads("product_memory_reads", 300), reads("product_memory_reads", 300),
        reads("product_cache_reads", 240, outcome="hit"), reads("product_cache_reads", 60, outcome="miss"),
        reads("product_cache_reads", 9_000, service="sessions", outcome="miss"),
    ]  # fmt: skip
    figures = await cloud.look()
    assert figures.cache == Cache(pytest.approx(840 / 900), pytest.approx(3.0))  # type: ignore[arg-type]
    google.metrics = []
    nothing = await cloud.look()
    assert nothing.cache == Cache(None, 0.0)
    assert "nobody scanned" in nothing.unknown["cache.hitRate"]


async def test_errors_say_a_name_a_code_and_where_their_trace_is(google: Google, cloud: GoogleCloud) -> None:
    trace = f"projects/{PROJECT}/traces/{TRACE}"
    google.entries = [
        entry(10, jsonPayload={"event": "stock.sold_unknown", "storeId": "b"}, severity="WARNING"),
        entry(20, jsonPayload={"event": "http.unexpected_error", "error": "KeyError: 'a@b.de'", "stack_trace": "..."},
              trace=trace, traceSampled=True),
        entry(30, jsonPayload={"event": "price.round_failed", "code": "GONE", "tenantId": "acme"}, trace=trace),
        entry(40, httpRequest={"status": 503, "requestUrl": "https://x/v1/scan/secret"}),
        entry(50, textPayload="Memory limit of 512 MiB exceeded.\nmore", severity="CRITICAL"),
        entry(60, jsonPayload={"event": "of.another_kind"}, resource={"type": "cloud_run_job", "labels": {}}),
        entry(7 * 3600, jsonPayload={"event": "too.old"}),
    ]  # fmt: skip
    found = (await cloud.look()).errors
    assert found is not None
    assert [(each.message, each.code, each.tenant_id) for each in found] == [
        ("http.unexpected_error", "KeyError", None),
        ("price.round_failed", "GONE", "acme"),
        ("http.request", "503", None),
        ("Memory limit of 512 MiB exceeded.", None, None),
    ]
    assert [each.door for each in found] == ["scan"] * 4
    assert found[0].link == f"https://console.cloud.google.com/traces/list?project={PROJECT}&tid={TRACE}"
    assert found[1].link == link_of(TRACE, PROJECT, False)
    assert "logs/query;query=trace%3D%22projects%2F" in str(found[1].link)
    assert found[2].link is None
    assert "secret" not in str(found)
    assert "a@b.de" not in str(found)


@pytest.mark.parametrize(
    ("refused", "parts"),
    [({"logging"}, {"errors"}), ({"cloudtasks.googleapis.com/queue/depth"}, {"queues"}), ({AGE}, {"subscriptions"}),
     ({"monitoring"}, {"doors", "queues", "subscriptions", "cache"})],
)  # fmt: skip
async def test_what_is_refused_is_not_known_and_the_rest_is(
    google: Google, cloud: GoogleCloud, refused: set[str], parts: set[str]
) -> None:
    google.refuses = refused
    figures = await cloud.look()
    for part in ("doors", "queues", "subscriptions", "cache", "errors"):
        assert (getattr(figures, part) is None) == (part in parts), part
        if part in parts:
            assert figures.unknown[part] == "127.0.0.1 answered 403"


async def test_a_google_that_refuses_all_of_it_or_hangs_is_away_and_the_last_figures_stay(
    google: Google, cloud: GoogleCloud
) -> None:
    now = [0.0]
    watch = Watch(cloud, patience=0.5, seconds=lambda: now[0])
    google.metrics = [requests("scan", "2xx", 300)]
    first = await watch.seen()
    assert (first.away, first.figures is not None) == ("", True)
    google.refuses, now[0] = {"monitoring", "logging"}, 20.0
    assert await watch.seen() == type(first)(first.figures, "127.0.0.1 answered 403")
    google.hangs, now[0] = True, 40.0
    assert await watch.seen() == type(first)(first.figures, "the source did not answer within 0.5 s")
    google.hangs, google.refuses, now[0] = False, set(), 60.0
    assert (await watch.seen()).away == ""


async def test_without_an_account_google_is_away(
    google: Google, cloud: GoogleCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "nothing.json"))
    with pytest.raises(Away, match="no access token of Google's"):
        await cloud.look()
    assert google.asked == []


@pytest.mark.parametrize(
    "said",
    [{"timeSeries": [{"points": [{"value": {}}]}], "entries": [{}]}, {"timeSeries": [7], "entries": [7]}, [], "x"],
)
async def test_an_answer_that_is_not_as_documented_is_no_answer(said: Any) -> None:
    async def token() -> str:
        return "t"

    transport = httpx.MockTransport(lambda _request: httpx.Response(200, json=said))
    async with httpx.AsyncClient(transport=transport) as client:
        with pytest.raises(Away):
            await GoogleCloud(client, token, PROJECT).look()
