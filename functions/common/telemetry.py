"""Traces that cross HTTP headers, Pub/Sub attributes and task headers as W3C `traceparent`.

https://www.w3.org/TR/trace-context/. Only a sampled request of a door with an OTLP endpoint pays for
OpenTelemetry (0.2 s of import and some 30 microseconds a span); the others carry ids made here.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from functions.common import log, metrics, settings

if TYPE_CHECKING:
    from opentelemetry.trace import Span as OtelSpan
    from opentelemetry.trace import Tracer

SERVER, CONSUMER, PRODUCER, INTERNAL = "SERVER", "CONSUMER", "PRODUCER", "INTERNAL"

_HEX = frozenset("0123456789abcdef")
_state: dict[str, Any] = {}
_starting = threading.Lock()


class Trace:
    """The span being served: its ids, and OpenTelemetry's span when it is recorded.

    Ids are numbers until somebody reads them: of most messages nobody does.
    """

    __slots__ = ("_span", "_trace", "otel", "sampled", "token")

    def __init__(self, trace_id: int, span_id: int, sampled: bool) -> None:
        self._trace = trace_id
        self._span = span_id
        self.sampled = sampled
        self.otel: OtelSpan | None = None
        self.token: Any = None

    @property
    def trace_id(self) -> str:
        """32 hexadecimal digits."""
        return f"{self._trace:032x}"

    @property
    def span_id(self) -> str:
        """16 hexadecimal digits."""
        return f"{self._span:016x}"

    def adopt(self, span: OtelSpan) -> None:
        """Be this span, which is recorded."""
        ids = span.get_span_context()
        self._trace, self._span, self.otel = ids.trace_id, ids.span_id, span

    @property
    def traceparent(self) -> str:
        """This span as the parent of the next hop."""
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"


def parse(traceparent: str) -> tuple[int, int, bool] | None:
    """(trace id, parent span id, sampled), or None when the header is malformed."""
    if len(traceparent) < 55:
        return None
    version, trace_id, span_id, flags = (
        traceparent[:2],
        traceparent[3:35],
        traceparent[36:52],
        traceparent[53:55],
    )
    if version == "ff" or traceparent[2] != "-" or traceparent[35] != "-" or traceparent[52] != "-":
        return None
    if not _HEX.issuperset(version + trace_id + span_id + flags):
        return None
    trace, span = int(trace_id, 16), int(span_id, 16)
    return (trace, span, bool(int(flags, 16) & 1)) if trace and span else None


def begin(name: str, traceparent: str | None, kind: str = SERVER) -> Trace:
    """Start the span of a request or message; the caller ends it with `end`."""
    parent = parse(traceparent) if traceparent else None
    common = settings.common()
    if parent is None:
        trace_id = random.getrandbits(128) or 1
        sampled = common.otel_traces_sample > 0 and random.random() < common.otel_traces_sample
    else:
        trace_id, _, sampled = parent
    trace = Trace(trace_id, random.getrandbits(64) or 1, sampled)
    if common.otel_exporter_otlp_endpoint:
        if sampled:
            _record(trace, name, parent, kind)
        elif "tracer" not in _state and "starter" not in _state:
            # Metrics are exported whether or not a request is ever sampled; its caller does not wait for that.
            _state["starter"] = starter = threading.Thread(target=_tracer, daemon=True)
            starter.start()
    log.trace_context.set(trace)
    return trace


def _record(trace: Trace, name: str, parent: tuple[int, int, bool] | None, kind: str) -> None:
    from opentelemetry import trace as api
    from opentelemetry.context import attach

    context = None
    if parent is not None:
        remote = api.SpanContext(parent[0], parent[1], True, api.TraceFlags(1))
        context = api.set_span_in_context(api.NonRecordingSpan(remote))
    span = _tracer().start_span(name, context=context, kind=api.SpanKind[kind])
    trace.adopt(span)
    trace.token = attach(api.set_span_in_context(span, context))


def end(trace: Trace, *, error: bool = False, **attributes: str | int | float | bool) -> None:
    """End a span begun by `begin`."""
    if trace.otel is None:
        return
    from opentelemetry import trace as api
    from opentelemetry.context import detach

    for key, value in attributes.items():
        trace.otel.set_attribute(key.replace("__", "."), value)
    if error:
        trace.otel.set_status(api.StatusCode.ERROR)
    trace.otel.end()
    detach(trace.token)


@contextmanager
def span(name: str, **attributes: str | int | float | bool) -> Iterator[None]:
    """A step inside the current span; costs a dictionary look-up when nothing is being recorded."""
    if "tracer" not in _state:
        yield
        return
    from opentelemetry import trace as api

    if not api.get_current_span().is_recording():
        yield
        return
    with _tracer().start_as_current_span(name, attributes=dict(attributes)):
        yield


def traceparent() -> str | None:
    """The current span for an outgoing header or attribute."""
    current = log.trace_context.get()
    return None if current is None else current.traceparent


def with_trace(attributes: Mapping[str, str]) -> dict[str, str]:
    """The attributes of an outgoing message with the current trace among them."""
    current = traceparent()
    return {**attributes, "traceparent": current} if current else dict(attributes)


def _tracer() -> Tracer:
    with _starting:
        tracer: Tracer | None = _state.get("tracer")
        if tracer is None:
            tracer = _state["tracer"] = _start()
        return tracer


def _start() -> Tracer:
    """Start exporting spans and metrics over OTLP/HTTP; flushed when the process ends."""
    import atexit

    from opentelemetry import metrics as otel_metrics
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    common = settings.common()
    endpoint = common.otel_exporter_otlp_endpoint.rstrip("/")
    resource = Resource.create({"service.name": common.k_service, "service.version": common.k_revision})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(
        BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces"), schedule_delay_millis=1000)
    )
    reader = PeriodicExportingMetricReader(OTLPMetricExporter(endpoint=f"{endpoint}/v1/metrics"), 15_000)
    meters = MeterProvider(resource=resource, metric_readers=[reader])
    _export_metrics(meters.get_meter("retailscan"), otel_metrics.Observation)
    atexit.register(provider.shutdown)
    atexit.register(meters.shutdown)
    return provider.get_tracer("retailscan")


def _export_metrics(meter: Any, observation: Any) -> None:
    for metric in metrics.all_metrics():
        if isinstance(metric, metrics.Histogram):
            _forward_histogram(meter, metric)
            continue

        def observe(_options: Any, metric: metrics.Counter = metric) -> list[Any]:
            return [
                observation(value.value, dict(zip(metric.label_names, labels, strict=True)))
                for labels, value in metric.series.copy().items()
            ]

        create = meter.create_observable_gauge if isinstance(metric, metrics.Gauge) else meter.create_observable_counter
        create(metric.name, callbacks=[observe], description=metric.help)


def _forward_histogram(meter: Any, metric: metrics.Histogram) -> None:
    instrument = meter.create_histogram(
        metric.name, description=metric.help, explicit_bucket_boundaries_advisory=metric.buckets
    )

    def connect(labels: metrics.Labels, series: metrics.Distribution) -> None:
        attributes = dict(zip(metric.label_names, labels, strict=True))
        series.forward = lambda value: instrument.record(value, attributes)

    metric.on_series = connect
    for labels, series in metric.series.copy().items():
        connect(labels, series)
