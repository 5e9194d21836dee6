"""What no laptop can show, tried in staging by a person: `python -m infra.pipeline.drills closed|during`.

`closed` asks from the Internet what must not answer there. `during` goes on shopping while something is broken on
purpose, and says for how long nobody could:

    python -m infra.pipeline.drills closed --project P --location L --url https://staging.retailscan.example.com
    python -m infra.pipeline.drills during --url ... --secret ... --limit 15 -- gcloud redis instances failover ...
"""

from __future__ import annotations

import argparse
import http.client
import os
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from infra.pipeline import Failed, smoke
from infra.pipeline.google import Clock, Rest
from infra.pipeline.run import Deployed, Run

INNER_PATHS = ("/health", "/ready", "/metrics", "/push/smoke", "/tasks/smoke", "/jobs/smoke")
"""What Google's services call, and what shows the inside of a door."""


def open_doors(services: Iterable[Deployed], url: str, ask: smoke.Ask) -> list[str]:
    """A sentence for everything that answers a stranger and must not."""
    found = []
    for service in services:
        for address in service.addresses:
            for path in INNER_PATHS:
                found += _answered(f"{service.name}, past the load balancer", f"{address}{path}", ask)
    for path in INNER_PATHS:
        found += _answered("the load balancer", f"{url}{path}", ask)
    return found


def _answered(who: str, url: str, ask: smoke.Ask) -> list[str]:
    try:
        answer = ask("POST", url, {}, {}) if "smoke" in url else ask("GET", url, None, {})
    except Failed:
        return []
    # Google refuses in HTML. Whatever is JSON, or good, came from a door of ours.
    if answer.status < 400 or answer.data is not None:
        return [f"{who}: {url} answered {answer.status}"]
    return []


def is_plain_http_redirected(url: str) -> bool:
    """Whether http:// leads to https:// and nowhere else."""
    host = urllib.parse.urlsplit(url).netloc
    connection = http.client.HTTPConnection(host, timeout=smoke.TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/v1/scan/smoke")
        answer = connection.getresponse()
        return answer.status in (301, 308) and (answer.getheader("location") or "").startswith("https://")
    finally:
        connection.close()


@dataclass(frozen=True, slots=True)
class Outage:
    """What shoppers met while something was broken."""

    visits: int
    failures: int
    longest: float
    """Seconds between two visits that worked."""
    last_words: str

    def __str__(self) -> str:
        words = f", last: {self.last_words}" if self.last_words else ""
        return f"{self.failures} of {self.visits} visits failed; {self.longest:.1f} s without a good one{words}"


def during(
    is_over: Callable[[], bool], visit: Callable[[], object], clock: Clock, *, pause: float = 0.5, after: float = 30.0
) -> Outage:
    """Visit until what is done is over, and a while longer."""
    visits = failures = 0
    longest, last_words = 0.0, ""
    good = clock.time()
    end: float | None = None
    while end is None or clock.time() < end:
        if end is None and is_over():
            end = clock.time() + after
        visits += 1
        try:
            visit()
        except Failed as failed:
            failures, last_words = failures + 1, str(failed)
        else:
            longest, good = max(longest, clock.time() - good), clock.time()
        clock.sleep(pause)
    return Outage(visits, failures, max(longest, clock.time() - good), last_words)


def main(argv: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m infra.pipeline.drills")
    drills = parser.add_subparsers(required=True, dest="drill")
    closed = drills.add_parser("closed", help="ask what must not answer")
    closed.add_argument("--project", required=True)
    closed.add_argument("--location", required=True)
    shopping = drills.add_parser("during", help="shop while a command runs")
    shopping.add_argument("--secret", required=True, help="the version that first_scan --secret printed")
    shopping.add_argument("--limit", type=float, required=True, help="seconds that shoppers may be kept waiting")
    shopping.add_argument("command", nargs=argparse.REMAINDER, help="-- and what breaks something")
    for drill in (closed, shopping):
        drill.add_argument("--url", required=True, help="https:// and the environment's domain")
    asked = parser.parse_args(argv)
    google, url = Rest(given=os.environ.get("ACCESS_TOKEN", "")), asked.url.rstrip("/")
    try:
        if asked.drill == "closed":
            services = Run(google, time, asked.project, asked.location).services()
            wrong = open_doors(services, url, smoke.ask)
            if not is_plain_http_redirected(url):
                wrong.append("http:// does not lead to https://")
            if wrong:
                raise Failed("\n".join(wrong))
            print(f"{len(services)} services, and nothing answers that must not")
            return 0
        shopper = smoke.shopper_of(google, asked.secret)
        if shopper is None:
            raise Failed(f"{asked.secret} is empty: python -m infra.pipeline.first_scan --secret fills it")
        with subprocess.Popen([word for word in asked.command if word != "--"]) as process:
            outage = during(lambda: process.poll() is not None, lambda: smoke.story(url, shopper), time)
        print(outage)
        if process.returncode:
            raise Failed(f"the command failed ({process.returncode}): this drill says nothing")
        if outage.longest > asked.limit:
            raise Failed(f"more than {asked.limit:g} s")
    except Failed as failed:
        print(failed, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
