"""What all ERP adapters share: how items, the next page and the next checkpoint are found in an answer, page by page.

An answer is a stranger's input. Numbers stay the text they came as; whatever is not where the connection says it is
makes the pull fail, with the path, instead of bringing half an assortment.
"""

from __future__ import annotations

import asyncio
import codecs
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from functions.import_publish.sources.jobs import Checkpoint, Job, Page
from functions.import_publish.sources.problems import SourceProblem
from functions.import_publish.sources.retries import persistently

_ENCODINGS = {
    "utf-8": "utf-8-sig", "utf8": "utf-8-sig", "us-ascii": "ascii", "utf-16": "utf-16", "iso-8859-1": "cp1252",
    "iso-8859-15": "iso-8859-15", "windows-1252": "cp1252", "windows-1250": "cp1250",
}  # fmt: skip
_LONGEST_MARK = 4_000
MISSING: Any = object()

Position = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of an ERP. `link` is the next page's URL when its headers say one."""

    document: Any
    etag: str | None = None
    link: str | None = None


Ask = Callable[[Position | None], Awaitable[Answer]]
"""One request for the page at a position, or the first."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Where things are in an answer; paths are names with dots between.

    `items` is the list, `item` a path inside each of its elements (GraphQL's `node`), `required` the fields that every
    item must have. `next` holds the next cursor, `more` whether there is one. `total` says how many items all pages
    have together, `count` how many this one has. `changes` holds what to ask for next time.
    """

    items: str
    item: str | None
    required: tuple[str, ...]
    next: str | None
    more: str | None
    count: str | None
    total: str | None
    changes: str | None

    @staticmethod
    def of(settings: Mapping[str, Any]) -> Shape:
        """As the connection describes it."""
        paging, changes = settings.get("paging") or {}, settings.get("changes") or {}
        return Shape(
            items=str(settings.get("items") or ""),
            item=settings.get("item"),
            required=tuple(settings.get("required") or ()),
            next=paging.get("next"),
            more=paging.get("more"),
            count=paging.get("count"),
            total=paging.get("total"),
            changes=changes.get("next"),
        )


async def pages(
    job: Job, ask: Ask, start: Position | None, turn: Callable[[Position | None, Answer, int], Position | None]
) -> AsyncIterator[Page]:
    """Every page from `start` on. `turn` says from an answer and its number of items where the next one is.

    Raises SourceProblem.
    """
    shape, position, came, number = Shape.of(job.settings), start, 0, 0
    while True:
        answer, items = await persistently(lambda at=position: _page(ask, shape, at), job)  # type: ignore[misc]
        came += len(items)
        after = turn(position, answer, len(items))
        if after is not None and after == position:
            raise SourceProblem("ERP_GOES_ROUND", "the ERP names the same page as the next one", where=shape.next)
        if after is None and start is None:
            _demand_total(shape, answer.document, came)
        yield Page(items, after, _checkpoint(shape, answer, first=position is None))
        if after is None:
            return
        position, number = after, number + 1
        if number >= job.budget.pages:
            raise SourceProblem("SOURCE_TOO_LARGE", f"the ERP has more than {job.budget.pages:,} pages")


async def _page(ask: Ask, shape: Shape, position: Position | None) -> tuple[Answer, list[dict[str, Any]]]:
    answer = await ask(position)
    return answer, items_of(shape, answer.document)


def items_of(shape: Shape, document: Any) -> list[dict[str, Any]]:
    """The items of an answer. Raises SourceProblem when it is not as the connection says."""
    found = at(document, shape.items)
    if not isinstance(found, list):
        raise _changed("a list of items", shape.items or "(the answer itself)")
    items: list[dict[str, Any]] = []
    for number, each in enumerate(found):
        where = f"{shape.items}[{number}]"
        item = at(each, shape.item) if shape.item else each
        if not isinstance(item, dict):
            raise _changed("an object", where)
        for name in shape.required:
            if at(item, name) is MISSING:
                raise _changed("a field that every item had", f"{where}.{name}")
        items.append(item)
    told = at(document, shape.count) if shape.count else MISSING
    if told is not MISSING and _whole(told, shape.count) != len(items):
        raise SourceProblem("ERP_HALF_PAGE", "the ERP sends fewer items than it says", passing=True, where=shape.count)
    return items


def cursor(shape: Shape, document: Any) -> str | None:
    """The next page's cursor; None: there is none."""
    if shape.more is not None:
        more = at(document, shape.more)
        if not isinstance(more, bool):
            raise _changed("true or false", shape.more)
        if not more:
            return None
    if shape.next is None:
        return None
    found = at(document, shape.next)
    if found is None or found is MISSING or found == "":
        if shape.more is not None:
            raise _changed("the next cursor", shape.next)
        if found is MISSING:
            # With no cursor there is no next page; without its place nobody can know.
            raise _changed("the place of the next cursor", shape.next)
        return None
    return _mark(found, shape.next)


def at(document: Any, path: str | None) -> Any:
    """What is at a path; MISSING when nothing is."""
    if not path:
        return document
    for name in path.split("."):
        if not isinstance(document, dict) or name not in document:
            return MISSING
        document = document[name]
    return document


def _checkpoint(shape: Shape, answer: Answer, *, first: bool) -> Checkpoint:
    checkpoint: Checkpoint = {}
    if first and answer.etag is not None and len(answer.etag) < 1_000:
        checkpoint["etag"] = answer.etag
    if shape.changes is not None:
        found = at(answer.document, shape.changes)
        if found is MISSING:
            raise _changed("what to ask for next time", shape.changes)
        if found is not None:
            checkpoint["changes"] = _mark(found, shape.changes)
    return checkpoint


def _demand_total(shape: Shape, document: Any, came: int) -> None:
    if shape.total is None:
        return
    told = at(document, shape.total)
    if told is MISSING:
        raise _changed("the number of all items", shape.total)
    if came < _whole(told, shape.total):
        raise SourceProblem("ERP_HALF_PAGE", "the ERP has sent fewer items than it says it has", where=shape.total)


def _whole(value: Any, path: str | None) -> int:
    text = str(value)
    if isinstance(value, bool) or not (text.isascii() and text.isdigit()) or len(text) > 12:
        raise _changed("a number", path)
    return int(text)


def _mark(value: Any, path: str) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int) or len(str(value)) > _LONGEST_MARK:
        raise _changed("a cursor", path)
    return str(value)


def _changed(what: str, path: str | None) -> SourceProblem:
    return SourceProblem("ERP_SCHEMA_CHANGED", f"{what} is not where it was: {path}", where=path)


async def read_json(data: bytes, media: str) -> Any:
    """JSON with its numbers as the text they came as. Raises SourceProblem."""
    text = decode(data, media)
    return await asyncio.to_thread(parse_json, text)


def parse_json(text: str) -> Any:
    """See `read_json`: 1.10 stays "1.10", and 1e400 is nobody's float."""
    try:
        return json.loads(text, parse_float=str, parse_int=str, parse_constant=_no_constant)
    except RecursionError:
        raise SourceProblem("ERP_BAD_ANSWER", "the answer is nested too deeply") from None
    except ValueError:
        # Most often half of an answer: the next try may bring all of it.
        raise SourceProblem("ERP_BAD_ANSWER", "the answer is not JSON, or breaks off", passing=True) from None


def _no_constant(text: str) -> Any:
    raise SourceProblem("ERP_BAD_ANSWER", f"{text} is not JSON")


def decode(data: bytes, media: str) -> str:
    """Text in the encoding its content type names, else UTF-8. Raises SourceProblem rather than guess."""
    named = media.lower().partition("charset=")[2].partition(";")[0].strip(" \"'")
    encoding = _ENCODINGS.get(named or "utf-8")
    if encoding is None:
        raise SourceProblem("ERP_BAD_ENCODING", "the answer is in an encoding that is not read here")
    if not named and data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        encoding = "utf-16"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise SourceProblem("ERP_BAD_ENCODING", "the answer is not in the encoding it says") from None
