"""What a person may choose about a run, and the benchmarks there are."""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Literal

from bench.results import Row

Generator = Literal["wrk", "own"]


@dataclass(frozen=True, slots=True)
class Options:
    """`rounds`: how often ours and the baseline take turns (None: what suits the benchmark). `seconds`: of one turn.
    `rows`: of the file that is imported (None: a million).
    """

    rounds: int | None = None
    seconds: float = 4.0
    generator: Generator = "own"
    rows: int | None = None

    def turns(self, usual: int) -> int:
        """How many rounds to run."""
        return usual if self.rounds is None else self.rounds


Measure = Callable[[Options], Coroutine[Any, Any, list[Row]]]

# Later rooms add theirs here.
NAMES = (
    *("scan", "lookup", "price_batch", "price_single", "freshness", "cold_start", "memory"),
    *("checkout", "import", "import_beside"),
)
MODULES = {"import": "imports"}
"""Where a benchmark is that cannot be called as its module."""


def find(name: str) -> Measure:
    """The benchmark called `name`; only its own modules are imported."""
    measure: Measure = importlib.import_module(f"bench.benches.{MODULES.get(name, name)}").measure
    return measure


def usual_generator() -> Generator:
    """wrk when it is there: it takes less of the machine from those who are measured."""
    return "wrk" if shutil.which("wrk") else "own"


def note(text: str) -> None:
    """Say something about the run to the person at the terminal; the output stays for the figures."""
    print(f"bench: {text}", file=sys.stderr, flush=True)
