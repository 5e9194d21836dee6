"""One trace from the HTTP door through a Pub/Sub attribute to the event door, exported over OTLP by the real SDK."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

ROOT = Path(__file__).parents[3]

PROGRAM = """
import asyncio
from functions.common import telemetry

async def main():
    server = telemetry.begin("/v1/price-updates", None)
    with telemetry.span("mongo.bulk_write", rows=3):
        pass
    attributes = telemetry.with_trace({"type": "x"})
    telemetry.end(server, http__response__status_code=202)
    consumer = telemetry.begin("/push/price-updates/{tenantId}", attributes["traceparent"], telemetry.CONSUMER)
    telemetry.end(consumer, error=True)
    unsampled = telemetry.begin("/v1/scan", "00-" + "a" * 32 + "-" + "b" * 16 + "-00")
    telemetry.end(unsampled)
    seconds.labels().observe(0.02)

from functions.common import metrics
metrics.Counter("things_done", "Things.", ("kind",)).inc("a", amount=2)
seconds = metrics.Histogram("thing_seconds", "Time.", ())
asyncio.run(main())
"""


class Collector:
    """What an OTLP collector would receive."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.metrics: list[Any] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.headers.get("content-encoding") == "gzip":
                    import gzip

                    body = gzip.decompress(body)
                collector.take(self.path, body)
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)

    def take(self, path: str, body: bytes) -> None:
        if path.endswith("/v1/traces"):
            request = ExportTraceServiceRequest.FromString(body)
            self.spans += [s for r in request.resource_spans for scope in r.scope_spans for s in scope.spans]
        else:
            exported = ExportMetricsServiceRequest.FromString(body)
            self.metrics += [m for r in exported.resource_metrics for scope in r.scope_metrics for m in scope.metrics]


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    made.thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    made.thread.join()


def test_one_trace_crosses_the_queue_and_the_metrics_go_along(collector: Collector) -> None:
    environment = os.environ | {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_TRACES_SAMPLE": "1.0",
        "K_SERVICE": "price-ingest",
        "PYTHONPATH": str(ROOT),
    }
    subprocess.run([sys.executable, "-c", PROGRAM], env=environment, check=True, timeout=60)
    spans = {span.name: span for span in collector.spans}
    assert set(spans) == {"/v1/price-updates", "mongo.bulk_write", "/push/price-updates/{tenantId}"}
    server, step = spans["/v1/price-updates"], spans["mongo.bulk_write"]
    consumer = spans["/push/price-updates/{tenantId}"]
    assert server.trace_id == step.trace_id == consumer.trace_id
    assert step.parent_span_id == server.span_id
    assert consumer.parent_span_id == server.span_id
    assert (server.kind, consumer.kind) == (2, 5)
    assert consumer.status.code == 2
    figures = {m.name: m for m in collector.metrics}
    assert figures["things_done"].sum.data_points[0].as_double == 2
    assert figures["thing_seconds"].histogram.data_points[0].count == 1


def test_metrics_are_exported_when_no_request_is_sampled(collector: Collector) -> None:
    environment = os.environ | {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_TRACES_SAMPLE": "0",
        "PYTHONPATH": str(ROOT),
    }
    program = PROGRAM.replace("asyncio.run(main())", "asyncio.run(main()); telemetry._state['starter'].join()")
    subprocess.run([sys.executable, "-c", program], env=environment, check=True, timeout=60)
    assert collector.spans == []
    assert "things_done" in {m.name for m in collector.metrics}


def test_a_door_that_records_nothing_imports_nothing_of_it() -> None:
    program = (
        "import sys\nfrom functions.common import telemetry\n"
        "t = telemetry.begin('/v1/scan', None)\ntelemetry.end(t)\n"
        "assert not [m for m in sys.modules if m.startswith(('opentelemetry', 'prometheus_client'))]\n"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OTEL_TRACES_SAMPLE": "1.0"}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True, timeout=60)
