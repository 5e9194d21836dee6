"""Google's Cloud Monitoring and Cloud Logging as a source.

https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.timeSeries/list,
https://cloud.google.com/logging/docs/reference/v2/rest/v2/entries/list. What the alerts and dashboards of
infra/terraform/modules/observability look at is looked at here, too; our own counters are named as the collector's
exporter for Google Cloud names them (`workload.googleapis.com/...`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import quote

from functions.admin import health
from functions.admin.health import Away, Cache, Door, Error, Figures, Waiting
from functions.common import clock

if TYPE_CHECKING:
    import httpx

MONITORING, LOGGING = "https://monitoring.googleapis.com", "https://logging.googleapis.com"
CONSOLE = "https://console.cloud.google.com"
SCOPES = ("https://www.googleapis.com/auth/monitoring.read", "https://www.googleapis.com/auth/logging.read")
SPAN, SETTLE = timedelta(minutes=5), timedelta(minutes=3)
"""Figures are taken once a minute and may be seen three minutes later: what is added up ends so long ago."""
ERRORS_OF = timedelta(hours=6)
MOST_PAGES = 5
_NO_AGE = "Cloud Tasks does not tell how old its tasks are"
_SUBSCRIPTION = 'resource.type = "pubsub_subscription" AND metric.type = "pubsub.googleapis.com/subscription/'
_RUN = 'resource.type = "cloud_run_revision" AND metric.type = "run.googleapis.com/'
_OWN = 'metric.type = "workload.googleapis.com/'
_SERVICE, _TENANT = "resource.labels.service_name", "metadata.user_labels.tenant"

Series = tuple[Mapping[str, str], float]
"""Labels, and the latest value."""
T = TypeVar("T")


class Token(Protocol):
    """Who asks."""

    async def __call__(self) -> str:
        """An access token. Raises Away."""
        ...


class Signer:
    """The door's own service account, by Google's library: its calls block, so they are made beside the event loop."""

    def __init__(self) -> None:
        self._credentials: Any = None
        self._one = asyncio.Lock()

    async def __call__(self) -> str:
        """See `Token`."""
        async with self._one:
            if self._credentials is None or not self._credentials.valid:
                await asyncio.to_thread(self._refresh)
            return str(self._credentials.token)

    def _refresh(self) -> None:
        import google.auth
        from google.auth.exceptions import GoogleAuthError
        from google.auth.transport.requests import Request

        try:
            if self._credentials is None:
                self._credentials, _ = google.auth.default(scopes=SCOPES)
            self._credentials.refresh(Request())
        except GoogleAuthError as error:
            raise Away(f"no access token of Google's: {type(error).__name__}") from error


class GoogleCloud:
    """The doors, topics and queues of one project."""

    name = "google"
    # Google's figures are of minutes, and its log may be read sixty times in one, by all instances together.
    keep_seconds = 15.0

    def __init__(
        self, client: httpx.AsyncClient, token: Token, project: str, *, urls: tuple[str, str] = (MONITORING, LOGGING)
    ) -> None:
        self._client, self._token, self._project = client, token, project
        self._monitoring, self._logging = urls

    async def look(self) -> Figures:
        """See `Source`. A part that is refused is left out; when all are, the source is away."""
        now = clock.now()
        unknown: dict[str, str] = {"queues.oldestAgeSeconds": _NO_AGE}
        doors, queues, subscriptions, cache, errors = await asyncio.gather(
            _part("doors", unknown, self._doors(now)),
            _part("queues", unknown, self._queues(now)),
            _part("subscriptions", unknown, self._subscriptions(now)),
            _part("cache", unknown, self._cache(now)),
            _part("errors", unknown, self._errors(now)),
        )
        if all(part is None for part in (doors, queues, subscriptions, cache, errors)):
            raise Away(unknown["doors"])
        if cache is not None and cache.hit_rate is None:
            unknown["cache.hitRate"] = "no scan has been counted: nobody scanned, or no metrics are exported"
        return Figures(now, doors, queues, subscriptions, cache, errors, unknown)

    async def _doors(self, now: datetime) -> tuple[Door, ...]:
        counted, slow = await asyncio.gather(
            self._settled(now, f'{_RUN}request_count"', "ALIGN_RATE", "REDUCE_SUM", _SERVICE, _CLASS),
            self._settled(now, f'{_RUN}request_latencies"', "ALIGN_DELTA", "REDUCE_PERCENTILE_95", _SERVICE),
        )
        return doors_of(counted, slow)

    async def _queues(self, now: datetime) -> tuple[Waiting, ...]:
        where = 'resource.type = "cloud_tasks_queue" AND metric.type = "cloudtasks.googleapis.com/queue/depth"'
        depths = await self._current(now, where, "resource.labels.queue_id")
        return tuple(Waiting(labels["queue_id"], int(value)) for labels, value in depths)

    async def _subscriptions(self, now: datetime) -> tuple[Waiting, ...]:
        by = ("resource.labels.subscription_id", _TENANT)
        depths, ages = await asyncio.gather(
            self._current(now, f'{_SUBSCRIPTION}num_undelivered_messages"', *by),
            self._current(now, f'{_SUBSCRIPTION}oldest_unacked_message_age"', *by),
        )
        return subscriptions_of(depths, ages)

    async def _cache(self, now: datetime) -> Cache:
        scans = f' AND metric.labels.service_name = "{health.READS_DOOR}"'
        memory, redis = await asyncio.gather(
            self._settled(now, f'{_OWN}product_memory_reads"{scans}', "ALIGN_RATE", "REDUCE_SUM"),
            self._settled(now, f'{_OWN}product_cache_reads"{scans}', "ALIGN_RATE", "REDUCE_SUM", _OUTCOME),
        )
        reads = {labels["outcome"]: value for labels, value in redis}
        reads["memory"] = sum(value for _, value in memory)
        return Cache(health.hit_rate(reads), sum(reads.values()))

    async def _errors(self, now: datetime) -> tuple[Error, ...]:
        since = (now - ERRORS_OF).isoformat()
        asked = {
            "resourceNames": [f"projects/{self._project}"],
            "filter": f'severity>=ERROR AND resource.type="cloud_run_revision" AND timestamp>="{since}"',
            "orderBy": "timestamp desc",
            "pageSize": 200,
        }
        said = await self._ask("POST", f"{self._logging}/v2/entries:list", json=asked)
        return tuple(error_of(entry, self._project) for entry in said.get("entries", ()))

    async def _settled(self, now: datetime, where: str, aligner: str, reducer: str, *by: str) -> list[Series]:
        """One value over some minutes that are over."""
        end = now - SETTLE
        return await self._series(where, end - SPAN, end, SPAN, aligner, reducer, *by)

    async def _current(self, now: datetime, where: str, *by: str) -> list[Series]:
        """The latest value of a gauge."""
        return await self._series(where, now - SPAN, now, timedelta(minutes=1), "ALIGN_MAX", "REDUCE_MAX", *by)

    async def _series(
        self, where: str, begin: datetime, end: datetime, period: timedelta, aligner: str, reducer: str, *by: str
    ) -> list[Series]:
        params: dict[str, str | list[str]] = {
            "filter": where,
            "interval.startTime": begin.isoformat(),
            "interval.endTime": end.isoformat(),
            "aggregation.alignmentPeriod": f"{int(period.total_seconds())}s",
            "aggregation.perSeriesAligner": aligner,
            "aggregation.crossSeriesReducer": reducer,
            "aggregation.groupByFields": list(by),
        }
        found: list[Series] = []
        for _ in range(MOST_PAGES):
            said = await self._ask("GET", f"{self._monitoring}/v3/projects/{self._project}/timeSeries", params=params)
            found += filter(None, map(series_of, said.get("timeSeries", ())))
            if not said.get("nextPageToken"):
                break
            params["pageToken"] = said["nextPageToken"]
        return found

    async def _ask(self, method: str, url: str, **more: Any) -> Any:
        import httpx

        headers = {"authorization": f"Bearer {await self._token()}"}
        try:
            answer = await self._client.request(method, url, headers=headers, **more)
            answer.raise_for_status()
            return answer.json()
        except httpx.HTTPStatusError as error:
            raise Away(f"{error.request.url.host} answered {error.response.status_code}") from error
        except (httpx.HTTPError, ValueError) as error:
            raise Away(f"{httpx.URL(url).host} does not answer: {type(error).__name__}") from error


_CLASS, _OUTCOME = "metric.labels.response_code_class", "metric.labels.outcome"


async def _part(name: str, unknown: dict[str, str], asking: Awaitable[T]) -> T | None:
    try:
        return await asking
    except Away as error:
        unknown[name] = str(error)
    except (LookupError, AttributeError, TypeError, ValueError) as error:
        unknown[name] = f"an answer that is not as documented: {type(error).__name__}"
    return None


def series_of(said: Mapping[str, Any]) -> Series | None:
    """A series of an answer, whose points come the latest first; None without any. Raises KeyError, ValueError."""
    points = said.get("points")
    if not points:
        return None
    labels = {**said.get("resource", {}).get("labels", {}), **said.get("metric", {}).get("labels", {})}
    labels |= said.get("metadata", {}).get("userLabels", {})
    value = points[0]["value"]
    # 64-bit integers are strings in Google's JSON.
    return labels, float(value["int64Value"] if "int64Value" in value else value["doubleValue"])


def doors_of(counted: Iterable[Series], slow: Iterable[Series]) -> tuple[Door, ...]:
    """Doors by their requests a second of each class of status, and the 95th percentile of their answers in ms."""
    asked: dict[str, float] = {}
    failed: dict[str, float] = {}
    for labels, value in counted:
        service = labels["service_name"]
        asked[service] = asked.get(service, 0.0) + value
        if labels["response_code_class"] == "5xx":
            failed[service] = failed.get(service, 0.0) + value
    p95 = {labels["service_name"]: value for labels, value in slow}
    return tuple(
        Door(
            service,
            health.up_by_answers(rate, failed.get(service, 0.0)),
            rate,
            health.share(failed.get(service, 0.0), rate),
            p95.get(service),
        )
        for service, rate in asked.items()
    )


def subscriptions_of(depths: Iterable[Series], ages: Iterable[Series]) -> tuple[Waiting, ...]:
    """Subscriptions by the messages that wait and the age of the oldest, each of a tenant or of all."""
    found: dict[str, Waiting] = {}
    for labels, value in depths:
        name = labels["subscription_id"]
        found[name] = Waiting(name, depth=int(value), tenant_id=labels.get("tenant") or None)
    for labels, value in ages:
        name = labels["subscription_id"]
        known = found.get(name, Waiting(name, tenant_id=labels.get("tenant") or None))
        found[name] = Waiting(name, known.depth, value, known.tenant_id)
    return tuple(found.values())


def error_of(entry: Mapping[str, Any], project: str) -> Error:
    """A log entry: a line of ours, or what Cloud Run says of a request or of itself. Raises KeyError, ValueError."""
    line = entry.get("jsonPayload", {})
    status = entry.get("httpRequest", {}).get("status")
    trace_id = str(entry.get("trace", "")).rpartition("/")[2] or None
    if line.get("event"):
        message = str(line["event"])
    elif status is not None:
        message = "http.request"
    else:
        message = str(entry.get("textPayload", "")).partition("\n")[0]
    return Error(
        at=datetime.fromisoformat(entry["timestamp"]),
        door=entry["resource"]["labels"].get("service_name", ""),
        message=message[:200],
        # What an exception says may be anybody's; its name is not.
        code=health.text_or_none(line.get("code") or str(line.get("error", "")).partition(":")[0] or status),
        trace_id=trace_id,
        link=link_of(trace_id, project, bool(entry.get("traceSampled"))) if trace_id else None,
        tenant_id=line.get("tenantId"),
    )


def link_of(trace_id: str, project: str, sampled: bool) -> str:
    """The trace where it was kept, else the log lines of all doors that belong to it."""
    if sampled:
        return f"{CONSOLE}/traces/list?project={quote(project)}&tid={quote(trace_id)}"
    query = quote(f'trace="projects/{project}/traces/{trace_id}"', safe="")
    return f"{CONSOLE}/logs/query;query={query}?project={quote(project)}"
