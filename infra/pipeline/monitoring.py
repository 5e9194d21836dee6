"""What Cloud Monitoring counted of each revision: requests, those answered 5xx, and the 95th percentile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from infra.pipeline.google import Google
from infra.pipeline.judging import Sample

API = "https://monitoring.googleapis.com/v3"
SETTLE_SECONDS = 180.0
"""Cloud Run's figures are taken once a minute and may be seen two minutes later: a window ends so long ago."""


@dataclass(frozen=True, slots=True)
class Monitoring:
    """The figures of one project."""

    google: Google
    project: str
    location: str

    def samples(self, service: str, begin: float, end: float) -> Mapping[str, Sample]:
        """By revision, what came between two moments; revisions nobody asked are not in it."""
        if end - begin < 60:
            return {}
        requests: dict[str, int] = {}
        errors: dict[str, int] = {}
        latency: dict[str, float] = {}
        counted = self._series(service, "request_count", begin, end, "REDUCE_SUM", "metric.labels.response_code_class")
        for series in counted:
            revision = series["resource"]["labels"]["revision_name"]
            number = sum(int(point["value"]["int64Value"]) for point in series["points"])
            requests[revision] = requests.get(revision, 0) + number
            if series["metric"]["labels"]["response_code_class"] == "5xx":
                errors[revision] = errors.get(revision, 0) + number
        for series in self._series(service, "request_latencies", begin, end, "REDUCE_PERCENTILE_95"):
            values = [point["value"]["doubleValue"] for point in series["points"]]
            if values:
                latency[series["resource"]["labels"]["revision_name"]] = max(values)
        return {
            revision: Sample(number, errors.get(revision, 0), latency.get(revision))
            for revision, number in requests.items()
        }

    def _series(
        self, service: str, metric: str, begin: float, end: float, reducer: str, *labels: str
    ) -> Iterator[dict[str, Any]]:
        params: dict[str, str | list[str]] = {
            "filter": (
                f'metric.type = "run.googleapis.com/{metric}" AND resource.type = "cloud_run_revision"'
                f' AND resource.labels.service_name = "{service}" AND resource.labels.location = "{self.location}"'
            ),
            "interval.startTime": _moment(begin),
            "interval.endTime": _moment(end),
            # One value for the whole window.
            "aggregation.alignmentPeriod": f"{round(end - begin)}s",
            "aggregation.perSeriesAligner": "ALIGN_DELTA",
            "aggregation.crossSeriesReducer": reducer,
            "aggregation.groupByFields": ["resource.labels.revision_name", *labels],
        }
        while True:
            page = self.google("GET", f"{API}/projects/{self.project}/timeSeries", params=params)
            yield from page.get("timeSeries", ())
            if not page.get("nextPageToken"):
                return
            params["pageToken"] = page["nextPageToken"]


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
