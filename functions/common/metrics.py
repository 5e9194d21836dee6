"""Counters, gauges and histograms of one process: an addition on the hot path, rendered only when asked.

Prometheus text comes from prometheus_client at scrape time; with an OTLP endpoint the same figures are
exported by OpenTelemetry (telemetry.py). Both libraries are imported only then, to keep cold starts short.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import Any

LATENCY_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SIZE_BUCKETS = (1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2500.0)

Labels = tuple[str, ...]


class Value:
    """One time series of a counter or gauge."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0.0

    def inc(self, amount: float = 1.0) -> None:
        self.value += amount

    def set(self, value: float) -> None:
        self.value = value


class Distribution:
    """One time series of a histogram."""

    __slots__ = ("bounds", "counts", "forward", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0
        self.forward: Callable[[float], None] | None = None

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value
        if self.forward is not None:
            self.forward(value)


class Counter:
    """A figure that only grows. `labels(...)` gives the series to keep and increment."""

    kind = "counter"

    def __init__(self, name: str, help: str, labels: Labels = ()) -> None:
        self.name, self.help, self.label_names = name, help, labels
        self.series: dict[Labels, Value] = {}
        _registry[name] = self

    def labels(self, *values: str) -> Value:
        series = self.series.get(values)
        if series is None:
            series = self.series[values] = Value()
        return series

    def inc(self, *values: str, amount: float = 1.0) -> None:
        self.labels(*values).value += amount


class Gauge(Counter):
    """A figure that goes up and down."""

    kind = "gauge"

    def set(self, value: float, *values: str) -> None:
        self.labels(*values).value = value


class Histogram:
    """How a figure is distributed over `buckets` (upper bounds; seconds unless the name says otherwise)."""

    kind = "histogram"

    def __init__(self, name: str, help: str, labels: Labels = (), buckets: tuple[float, ...] = LATENCY_BUCKETS) -> None:
        self.name, self.help, self.label_names, self.buckets = name, help, labels, buckets
        self.series: dict[Labels, Distribution] = {}
        self.on_series: Callable[[Labels, Distribution], None] | None = None
        _registry[name] = self

    def labels(self, *values: str) -> Distribution:
        series = self.series.get(values)
        if series is None:
            series = self.series[values] = Distribution(self.buckets)
            if self.on_series is not None:
                self.on_series(values, series)
        return series


_registry: dict[str, Counter | Histogram] = {}


def all_metrics() -> Iterator[Counter | Histogram]:
    """Every metric this process declares."""
    yield from _registry.copy().values()


class _Collector:
    def collect(self) -> Iterator[Any]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

        for metric in all_metrics():
            if isinstance(metric, Histogram):
                family = HistogramMetricFamily(metric.name, metric.help, labels=metric.label_names)
                for labels, series in metric.series.copy().items():
                    buckets, running = [], 0
                    for bound, count in zip([*map(str, metric.buckets), "+Inf"], series.counts, strict=True):
                        running += count
                        buckets.append((bound, running))
                    family.add_metric(labels, buckets, series.total)
                yield family
                continue
            kind = GaugeMetricFamily if isinstance(metric, Gauge) else CounterMetricFamily
            simple = kind(metric.name, metric.help, labels=metric.label_names)
            for labels, value in metric.series.copy().items():
                simple.add_metric(labels, value.value)
            yield simple


def render() -> tuple[bytes, str]:
    """The Prometheus exposition and its content type."""
    from prometheus_client import CollectorRegistry, generate_latest, platform_collector, process_collector
    from prometheus_client.exposition import CONTENT_TYPE_LATEST

    registry = CollectorRegistry()
    registry.register(_Collector())
    process_collector.ProcessCollector(registry=registry)
    platform_collector.PlatformCollector(registry=registry)
    return generate_latest(registry), CONTENT_TYPE_LATEST
