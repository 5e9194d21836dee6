"""An ERP that speaks SOAP, by zeep. zeep reads the WSDL and writes and reads the envelopes; it never sees the network.

Settings: `url` (of the service: the address in the WSDL is not asked), `wsdl` (else `url` with `?wsdl`), `service`,
`port`, `operation`, `arguments`, `auth`, `items`, `required`, `paging` {parameter, next, more, count, total}, `changes`
{parameter, next}. Paths start in the result.
"""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from functions.import_publish.sources import erp_pages, http_pull
from functions.import_publish.sources.erp_pages import Answer, Position, Shape
from functions.import_publish.sources.guard import read_url
from functions.import_publish.sources.jobs import Job, Page
from functions.import_publish.sources.problems import SourceProblem
from functions.import_publish.sources.retries import persistently

if TYPE_CHECKING:
    import httpx

_MOST_DOCUMENTS = 20
_WSDL_SECONDS = 60.0


async def pages(job: Job, start: Position | None) -> AsyncIterator[Page]:
    """Every page from `start` on. Raises SourceProblem."""
    from functions.import_publish.sources import web

    shape = Shape.of(job.settings)

    def turn(_position: Position | None, answer: Answer, _count: int) -> Position | None:
        found = erp_pages.cursor(shape, answer.document) if shape.next or shape.more else None
        return None if found is None else {"cursor": found}

    address = str(http_pull.within(str(job.settings["url"]), job.path))
    async with web.client(job.guard, job.budget) as client:
        operation = await persistently(lambda: _operation(job, client, address), job)

        async def ask(position: Position | None) -> Answer:
            envelope = await asyncio.to_thread(operation.write, _arguments(job, position))
            headers = http_pull.credentials(job.settings, job.secret) | envelope.headers
            response = await client.post(address, content=envelope.content, headers=headers)
            # SOAP says its faults with status 500, and may say why.
            if response.status_code != 500 or not response.content:
                web.refuse_status(response)
            return Answer(await asyncio.to_thread(operation.read, response))

        async for page in erp_pages.pages(job, ask, start, turn):
            yield page


def _arguments(job: Job, position: Position | None) -> dict[str, Any]:
    paging, changes = job.settings.get("paging") or {}, job.settings.get("changes") or {}
    arguments = dict(job.settings.get("arguments") or {})
    if position is not None:
        arguments[paging["parameter"]] = position["cursor"]
    if changes and job.checkpoint.get("changes"):
        arguments[changes["parameter"]] = job.checkpoint["changes"]
    return arguments


async def _operation(job: Job, client: httpx.AsyncClient, address: str) -> _Operation:
    """Read the WSDL and what it imports, all of it through the guarded client."""
    loop, wsdl = asyncio.get_running_loop(), str(job.settings.get("wsdl") or f"{address}?wsdl")
    seen = 0

    async def get(url: str) -> bytes:
        from functions.import_publish.sources import web

        nonlocal seen
        seen += 1
        if seen > _MOST_DOCUMENTS:
            raise SourceProblem("SOURCE_SETTINGS", f"the WSDL imports more than {_MOST_DOCUMENTS} documents")
        target, own = read_url(url), read_url(address)
        same = (target.scheme, target.raw_host, target.port) == (own.scheme, own.raw_host, own.port)
        headers = http_pull.credentials(job.settings, job.secret) if same else {}
        response = await client.get(target, headers=headers)
        web.refuse_status(response)
        _refuse_doctype(response.content)
        if b"definitions" not in response.content and b"schema" not in response.content:
            raise _no_wsdl()
        return response.content

    def load(url: str) -> bytes:
        return asyncio.run_coroutine_threadsafe(get(url), loop).result(_WSDL_SECONDS)

    return await asyncio.to_thread(_read_wsdl, job.settings, wsdl, load)


def _read_wsdl(settings: Mapping[str, Any], wsdl: str, load: Callable[[str], bytes]) -> _Operation:
    from zeep import Client, Settings
    from zeep.exceptions import Error, XMLSyntaxError

    options = Settings(strict=True, forbid_dtd=True, forbid_entities=True, xml_huge_tree=False, force_https=False)
    try:
        client = Client(wsdl, transport=_Loader(load), settings=options)  # type: ignore[no-untyped-call]
        service = client.bind(settings.get("service"), settings.get("port"))
        return _Operation(client, service._binding, str(settings["operation"]))
    except SourceProblem:
        raise
    except XMLSyntaxError:
        raise _no_wsdl() from None
    except Exception as error:
        # zeep meets what it did not expect with whatever Python raises there.
        known = isinstance(error, Error | ValueError | TypeError | AttributeError | LookupError | RecursionError)
        if not known:
            raise
        raise SourceProblem(
            "ERP_SCHEMA_CHANGED", "the WSDL cannot be read or lacks the operation", where="wsdl"
        ) from None


def _no_wsdl() -> SourceProblem:
    return SourceProblem("ERP_BAD_ANSWER", "this is no WSDL, or it breaks off", passing=True, where="wsdl")


def _refuse_doctype(content: bytes) -> None:
    # Before any parser sees it. UTF-16 would hide it from this look, so it must not come.
    if b"<!doctype" in content.lower() or content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) or b"\0" in content:
        raise SourceProblem("ERP_BAD_ANSWER", "the answer has a DTD, or is not in an encoding of single bytes")


class _Loader:
    """zeep's transport, as far as we let it have one."""

    def __init__(self, load: Callable[[str], bytes]) -> None:
        self.load = load


@dataclass(frozen=True, slots=True)
class _Envelope:
    content: bytes
    headers: dict[str, str]


class _Operation:
    """One operation of a WSDL. Its methods compute for a while: call them in a thread."""

    def __init__(self, client: Any, binding: Any, name: str) -> None:
        self._client, self._binding, self._name = client, binding, name
        self._operation = binding.get(name)
        if self._operation is None:
            raise LookupError(name)

    def write(self, arguments: Mapping[str, Any]) -> _Envelope:
        """The request. Raises SourceProblem when the WSDL wants other arguments."""
        from lxml import etree
        from zeep.exceptions import Error

        try:
            message = self._operation.create(**arguments)
            self._binding._set_http_headers(message, self._operation)
        except (Error, TypeError, ValueError, LookupError):
            problem = SourceProblem("ERP_SCHEMA_CHANGED", "the operation takes other arguments", where="arguments")
            raise problem from None
        content = etree.tostring(message.content, xml_declaration=True, encoding="utf-8")
        return _Envelope(content, dict(message.headers))

    def read(self, response: httpx.Response) -> Any:
        """The result as plain dicts, lists and texts. Raises SourceProblem."""
        from zeep.exceptions import Error, Fault, TransportError, ValidationError, XMLParseError
        from zeep.helpers import serialize_object

        _refuse_doctype(response.content)
        try:
            result = self._binding.process_reply(self._client, self._operation, response)
            return plain(serialize_object(result, dict))  # type: ignore[no-untyped-call]
        except Fault:
            # The server's own words stay with it, they may hold anything.
            raise SourceProblem("SOURCE_FAILS", "the ERP answers with a fault", passing=True) from None
        except TransportError:
            raise SourceProblem("ERP_BAD_ANSWER", "the answer is not XML, or breaks off", passing=True) from None
        except (XMLParseError, ValidationError, ValueError, TypeError, ArithmeticError) as error:
            where = self._name + (f": {error.message[:200]}" if isinstance(error, XMLParseError) else "")
            raise SourceProblem("ERP_SCHEMA_CHANGED", "the answer is not what the WSDL says", where=where) from None
        except (Error, AttributeError, LookupError, RecursionError):
            raise SourceProblem("ERP_BAD_ANSWER", "the answer is not an envelope of this operation") from None


def plain(value: Any) -> Any:
    """What zeep makes of XML, as JSON would have brought it: numbers as text, nothing where nothing was."""
    if isinstance(value, dict):
        return {str(name): plain(each) for name, each in value.items() if each is not None}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Decimal):
        # An exponent of a million digits is a short text and a long number.
        return format(value, "f") if abs(value.adjusted()) < 40 else str(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, int | float):
        return str(value)
    return None
