"""What the simulated ERPs do wrong when they are asked to, each a number of times or until it is taken back."""

from __future__ import annotations

from collections.abc import Mapping

KINDS = {
    "timeouts": "answers nothing for a long time",
    "429": "too many requests, with Retry-After: 1",
    "500": "fails",
    "401": "refuses the credentials",
    "half-pages": "breaks off in the middle of an answer",
    "short-pages": "sends fewer items than it says (REST)",
    "changed-schema": "calls the price something else",
    "moved-items": "keeps the items in another place (REST)",
    "lost-cursor": "does not know its own cursors any more (REST)",
    "same-cursor": "names the same page as the next one, for ever (REST)",
    "endless": "never stops sending",
    "slow": "one byte a second",
    "gzip-bomb": "a few kilobytes that unpack to very many",
    "xml-entities": "an answer with a DTD and entities (SOAP)",
    "wrong-charset": "says UTF-8 and sends Latin-1",
    "deep": "an answer nested a hundred thousand times",
    "absurd-prices": "prices nobody would pay, or would be paid (REST)",
    "redirect": "sends the client to the cloud's metadata",
    "not-json": "a page for people to look at",
}
FOR_EVER = -1


class Misbehaviour:
    """Which of them are on, and how often still."""

    def __init__(self, asked: Mapping[str, int] | None = None) -> None:
        self.left: dict[str, int] = {}
        self.change(asked or {})

    @staticmethod
    def parse(text: str) -> dict[str, int]:
        """`429:3,slow`: three times, and for ever. Raises ValueError."""
        asked: dict[str, int] = {}
        for part in filter(None, text.split(",")):
            name, _, times = part.partition(":")
            asked[name] = int(times) if times else FOR_EVER
        return asked

    def change(self, asked: Mapping[str, int]) -> None:
        """Name -> how often from now on: -1 for ever, 0 not any more. Raises ValueError for an unknown name."""
        for name, times in asked.items():
            if name not in KINDS:
                raise ValueError(f"{name} is none of {', '.join(KINDS)}")
            self.left[name] = int(times)

    def strikes(self, name: str) -> bool:
        """Whether to do it now; counts."""
        left = self.left.get(name, 0)
        if left > 0:
            self.left[name] = left - 1
        return left != 0
