"""Asks for load and checks that it was served: a figure with errors in it is no figure."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench import beside
from bench.options import Generator, note
from bench.results import CannotMeasure
from bench.wire import request
from local.processes import HOST

CONNECTIONS = 16
OPEN_CONNECTIONS = 32
LATE_MILLIS = 5.0

_WRK = """
local requests, n = {}, 0
function init(args)
  for line in io.lines(args[1]) do requests[#requests + 1] = wrk.format("GET", line) end
end
function request()
  n = n % #requests + 1
  return requests[n]
end
function done(summary)
  local e = summary.errors
  io.write(string.format('\\n{"answered": %d, "errors": %d, "seconds": %f}\\n', summary.requests,
    e.connect + e.read + e.write + e.status + e.timeout, summary.duration / 1e6))
end
"""


async def throughput(
    port: int, paths: Sequence[str], headers: Mapping[str, str], *, seconds: float, generator: Generator
) -> float:
    """Requests answered a second by a door that is asked as fast as it answers, on 16 connections."""
    if generator == "wrk":
        answer = await _wrk(port, paths, headers, seconds)
    else:
        answer = await beside.ask("load", closed(port, paths, headers) | {"seconds": seconds})
    if answer["errors"] or not answer["answered"]:
        raise CannotMeasure(f"{answer['errors']} of {answer['answered']} requests failed under load")
    return float(answer["answered"]) / float(answer["seconds"])


def closed(port: int, paths: Sequence[str], headers: Mapping[str, str]) -> beside.Answer:
    """The job of a closed loop without its end: add `seconds` or `count`."""
    wires = [request(HOST, port, path, dict(headers)).decode("latin-1") for path in paths]
    return {"kind": "closed", "host": HOST, "port": port, "connections": CONNECTIONS, "requests": wires}


async def latencies(
    port: int, asked: Sequence[tuple[str, str, Mapping[str, str]]], *, rate: float, seconds: float
) -> dict[str, dict[str, float]]:
    """Milliseconds (p50, p90, p99, p100) by tag at `rate` requests a second offered; `asked`: tag, path, headers."""
    wires = [(tag, request(HOST, port, path, dict(headers)).decode("latin-1")) for tag, path, headers in asked]
    return await paced(port, wires, rate=rate, seconds=seconds)


async def paced(
    port: int, wires: Sequence[tuple[str, str]], *, rate: float, seconds: float, allowed: Sequence[int] = (200,)
) -> dict[str, dict[str, float]]:
    """As `latencies`, of requests as they go on the wire: (tag, text); `allowed`: what is no error."""
    job = {"kind": "open", "host": HOST, "port": port, "connections": OPEN_CONNECTIONS, "requests": wires}
    answer = await beside.ask("load", job | {"rate": rate, "seconds": seconds, "allowed": list(allowed)})
    if answer["late_p99"] > LATE_MILLIS:
        note(f"the generator itself was up to {answer['late_p99']:.0f} ms late (p99): the machine is busy")
    tags: dict[str, dict[str, float]] = answer["tags"]
    for tag, figures in tags.items():
        if figures["errors"]:
            raise CannotMeasure(f"{figures['errors']:.0f} of {figures['count']:.0f} requests ({tag}) failed")
    return tags


async def _wrk(port: int, paths: Sequence[str], headers: Mapping[str, str], seconds: float) -> beside.Answer:
    program = shutil.which("wrk")
    if program is None:
        raise CannotMeasure("wrk is not on the PATH: use --generator own")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        script, list_ = Path(folder, "load.lua"), Path(folder, "paths")
        script.write_text(_WRK)
        list_.write_text("\n".join(paths) + "\n")
        argv = [program, "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "-s", str(script)]
        for name, value in headers.items():
            argv += ["-H", f"{name}: {value}"]
        argv += [f"http://{HOST}:{port}/", "--", str(list_)]
        process = await asyncio.create_subprocess_exec(
            *argv, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        try:
            output, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    lines = output.decode().strip().splitlines()
    if process.returncode or not lines or not lines[-1].startswith("{"):
        raise CannotMeasure(f"wrk failed: {lines[-1] if lines else 'it said nothing'}")
    answer: beside.Answer = json.loads(lines[-1])
    return answer
