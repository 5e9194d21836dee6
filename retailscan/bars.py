"""Progress for people at a terminal: one line, drawn again in place. In a log file nothing is drawn."""

from __future__ import annotations

import sys
import time
from typing import TextIO

WIDTH = 30
REDRAW_S = 0.1


def bar(done: float, whole: float, width: int = WIDTH) -> str:
    """`[#####.....]`; full for a whole of nothing."""
    share = 1.0 if whole <= 0 else min(1.0, max(0.0, done / whole))
    filled = int(share * width)
    return f"[{'#' * filled}{'.' * (width - filled)}]"


def duration(seconds: float) -> str:
    """`8 s`, `3 min 20 s`, `1 h 05 min`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def size(count: int) -> str:
    """Bytes for people."""
    return f"{count / (1 << 20):.1f} MiB" if count >= 1 << 20 else f"{count / 1024:.1f} KiB"


class Line:
    """One line that is overwritten in place. Without a terminal at the other end it stays silent."""

    def __init__(self, out: TextIO | None = None, *, shown: bool | None = None) -> None:
        self._out = out or sys.stderr
        self._shown = self._out.isatty() if shown is None else shown
        self._long, self._next, self._label = 0, 0.0, ""

    def draw(self, label: str, done: float, whole: float, text: str) -> None:
        """Draw unless it was drawn just now; what is complete, and what is new, is always drawn."""
        now = time.monotonic()
        if not self._shown or (now < self._next and done < whole and label == self._label):
            return
        if label != self._label:
            self.end()
        self._next, self._label = now + REDRAW_S, label
        share = 100.0 if whole <= 0 else min(100.0, 100 * done / whole)
        line = f"{label:<11}{bar(done, whole)} {share:3.0f} %  {text}"
        self._out.write("\r" + line.ljust(self._long))
        self._out.flush()
        self._long = len(line)

    def end(self) -> None:
        """Leave the line as it is and go to the next."""
        if self._long:
            self._out.write("\n")
            self._out.flush()
        self._long, self._label = 0, ""
