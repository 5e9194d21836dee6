"""Google's part in the tests: Cloud Monitoring's `timeSeries.list`, Cloud Logging's `entries.list`, the token endpoint.

Speaks the documented REST shape (https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.timeSeries/list,
https://cloud.google.com/logging/docs/reference/v2/rest/v2/entries/list) as far as our client uses it, and is strict
there: a filter names one metric type and only labels that exist, an alignment takes a minute or more, an aligner fits
the kind of the metric, nobody gets in without a token. It is no proof that Google agrees; only Google is.
"""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from local.processes import HOST, free_port

PROJECT = "retailscan-test"
TOKEN = "ya29.a-token-of-this-test"
_PAIR = re.compile(r'([a-z_.]+)\s*(>=|=)\s*"?([^"\s]+)"?')
_SEVERITIES = ["DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY"]
_ALIGNERS = {
    "GAUGE": {"ALIGN_MAX"},
    "DELTA": {"ALIGN_RATE", "ALIGN_DELTA"},
    "CUMULATIVE": {"ALIGN_RATE", "ALIGN_DELTA"},
}


@dataclass
class Metric:
    """A time series as it was written: points as (seconds ago, value); a distribution's value is a list of samples."""

    metric: str
    resource: str
    kind: str
    points: list[tuple[float, Any]]
    resource_labels: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    user_labels: dict[str, str] = field(default_factory=dict)

    def known(self) -> dict[str, str]:
        """What a filter or a grouping may name."""
        return (
            {"metric.type": self.metric, "resource.type": self.resource}
            | {f"resource.labels.{name}": value for name, value in self.resource_labels.items()}
            | {f"metric.labels.{name}": value for name, value in self.labels.items()}
            | {f"metadata.user_labels.{name}": value for name, value in self.user_labels.items()}
        )


class Refused(Exception):
    """Google's error: status and its name."""


@dataclass
class Google:
    """What the project holds, who is refused, and what was asked."""

    metrics: list[Metric] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)
    """`monitoring`, `logging` or the type of a metric: 403."""
    hangs: bool = False
    tokens_given: int = 0
    asked: list[str] = field(default_factory=list)
    page: int = 2
    """Series on a page."""
    url: str = ""

    async def token(self, request: Request) -> JSONResponse:
        """RFC 7523: a service account's signed assertion for a token."""
        form = (await request.body()).decode()
        assert "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer" in form
        self.tokens_given += 1
        return JSONResponse({"access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer"})

    async def series(self, request: Request) -> JSONResponse:
        """`timeSeries.list`."""
        try:
            await self._enter(request, "monitoring")
            return JSONResponse(self._list(request))
        except Refused as refused:
            status, name = refused.args
            return JSONResponse({"error": {"code": status, "message": name, "status": name}}, status)

    async def logs(self, request: Request) -> JSONResponse:
        """`entries.list`."""
        try:
            await self._enter(request, "logging")
        except Refused as refused:
            status, name = refused.args
            return JSONResponse({"error": {"code": status, "message": name, "status": name}}, status)
        asked = await request.json()
        assert asked["resourceNames"] == [f"projects/{PROJECT}"]
        assert asked["orderBy"] == "timestamp desc"
        found = [each for each in self.entries if _fits(each, asked["filter"])]
        found.sort(key=lambda each: str(each["timestamp"]), reverse=True)
        # Without any entry the field is not there.
        return JSONResponse({"entries": found[: asked["pageSize"]]} if found else {})

    async def _enter(self, request: Request, what: str) -> None:
        self.asked.append(what)
        if self.hangs:
            await asyncio.sleep(30)
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            raise Refused(401, "UNAUTHENTICATED")
        if what in self.refuses:
            raise Refused(403, "PERMISSION_DENIED")

    def _list(self, request: Request) -> dict[str, Any]:
        query = request.query_params
        wanted = dict((name, value) for name, _, value in _PAIR.findall(query["filter"]))
        if query["filter"].count("metric.type") != 1:
            raise Refused(400, "INVALID_ARGUMENT")
        if wanted["metric.type"] in self.refuses:
            raise Refused(403, "PERMISSION_DENIED")
        begin, end = (datetime.fromisoformat(query[f"interval.{name}Time"]) for name in ("start", "end"))
        period = int(query["aggregation.alignmentPeriod"].removesuffix("s"))
        if period < 60 or begin >= end:
            raise Refused(400, "INVALID_ARGUMENT")
        by = query.getlist("aggregation.groupByFields")
        groups: dict[tuple[str, ...], list[Metric]] = defaultdict(list)
        for each in self.metrics:
            if each.metric == wanted["metric.type"] and wanted.items() <= each.known().items():
                if query["aggregation.perSeriesAligner"] not in _ALIGNERS[each.kind]:
                    raise Refused(400, "INVALID_ARGUMENT")
                groups[tuple(each.known().get(name, "") for name in by)].append(each)
        found = [
            made
            for key, members in sorted(groups.items())
            if (made := _reduced(members, dict(zip(by, key, strict=True)), query, begin, end, period))
        ]
        first = int(query.get("pageToken", "0"))
        said: dict[str, Any] = {"timeSeries": found[first : first + self.page], "unit": "1"} if found else {}
        return said | ({"nextPageToken": str(first + self.page)} if first + self.page < len(found) else {})


def _reduced(
    members: list[Metric], key: dict[str, str], query: Any, begin: datetime, end: datetime, period: int
) -> dict[str, Any] | None:
    now, points = datetime.now(UTC), []
    upper = end
    while upper > begin:
        lower = upper - timedelta(seconds=period)
        values = [
            [value for ago, value in each.points if lower < now - timedelta(seconds=ago) <= upper] for each in members
        ]
        value = _value([each for each in values if each], query, period)
        if value is not None:
            # The latest first; 64-bit integers are strings.
            typed = {"int64Value": str(value)} if isinstance(value, int) else {"doubleValue": value}
            interval = {"startTime": lower.isoformat(), "endTime": upper.isoformat()}
            points.append({"interval": interval, "value": typed})
        upper = lower

    def labels(prefix: str) -> dict[str, str]:
        return {name.removeprefix(prefix): value for name, value in key.items() if name.startswith(prefix)}

    made: dict[str, Any] = {
        "metric": {"type": members[0].metric, "labels": labels("metric.labels.")},
        "resource": {"type": members[0].resource, "labels": labels("resource.labels.")},
        "metricKind": "GAUGE",
        "points": points,
    }
    users = {name: value for name, value in labels("metadata.user_labels.").items() if value}
    return (made | ({"metadata": {"userLabels": users}} if users else {})) if points else None


def _value(values: list[list[Any]], query: Any, period: int) -> Any:
    if not values:
        return None
    aligner, reducer = query["aggregation.perSeriesAligner"], query["aggregation.crossSeriesReducer"]
    if aligner == "ALIGN_DELTA" and reducer == "REDUCE_PERCENTILE_95":
        samples = sorted(sample for each in values for point in each for sample in point)
        return float(samples[int(0.95 * (len(samples) - 1))])
    if aligner == "ALIGN_RATE" and reducer == "REDUCE_SUM":
        return sum(sum(each) for each in values) / period
    if aligner == "ALIGN_MAX" and reducer == "REDUCE_MAX":
        return max(max(each) for each in values)
    raise Refused(400, "INVALID_ARGUMENT")


def _fits(entry: dict[str, Any], text: str) -> bool:
    for name, sign, value in _PAIR.findall(text):
        if name == "severity" and sign == ">=":
            if _SEVERITIES.index(entry["severity"]) < _SEVERITIES.index(value):
                return False
        elif name == "timestamp" and sign == ">=":
            if datetime.fromisoformat(entry["timestamp"]) < datetime.fromisoformat(value):
                return False
        elif name == "resource.type" and sign == "=":
            if entry["resource"]["type"] != value:
                return False
        else:
            raise AssertionError(f"the filter asks for {name}, which this server does not know")
    return True


@asynccontextmanager
async def served() -> AsyncIterator[Google]:
    """Google, on a free port."""
    google, port = Google(), free_port()
    google.url = f"http://{HOST}:{port}"
    app = Starlette(
        routes=[
            Route("/token", google.token, methods=["POST"]),
            Route(f"/v3/projects/{PROJECT}/timeSeries", google.series),
            Route("/v2/entries:list", google.logs, methods=["POST"]),
        ]
    )
    server = uvicorn.Server(uvicorn.Config(app, host=HOST, port=port, log_level="critical", lifespan="off"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield google
    finally:
        google.hangs = False
        server.should_exit = server.force_exit = True
        await task
