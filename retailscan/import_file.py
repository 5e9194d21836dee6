"""`retailscan import FILE --store S`: bring a file of products, see what was found, let it go live.

An operator's command on the public API. 0: all that was asked is done and no row was left out. 1: it ended otherwise
(rows with errors, something to confirm, not published), which is said. 2: it could not be tried at all.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from functions.common import settings
from retailscan import Complaint, bars
from retailscan.imports_client import PUBLISHING, READING, Data, Imports, Refused

URL, TOKEN = "RETAILSCAN_URL", "RETAILSCAN_TOKEN"
DONE, INCOMPLETE, IMPOSSIBLE = 0, 1, 2
SAMPLES = 3
TIMEOUT_S = 60.0
_ACTIONS = (("create", "new"), ("update", "changed"), ("return", "back again"), ("unchanged", "as they are"))
_ENDS = (
    *(("created", "new"), ("updated", "changed"), ("returned", "back again"), ("withdrawn", "withdrawn")),
    *(("unchanged", "as they were"), ("stale", "older than what is live"), ("rejected", "rejected")),
    *(("failed", "failed"), ("excluded", "excluded")),
)
_STATUSES = (("errors", "with errors"), ("confirm", "to confirm"), ("excluded", "excluded"), ("skipped", "skipped"))


@dataclass(frozen=True, slots=True)
class Caller:
    """Who brings the file, and where the suite is."""

    retailscan_url: str = ""
    retailscan_token: str = field(default="", repr=False)


async def run(options: argparse.Namespace) -> int:
    """The command; returns its exit status."""
    line = bars.Line(shown=False if not options.watch else None)
    try:
        _check(options)
        async with client(_url(options), _token(options)) as http:
            return await _import(Imports(http), options, line)
    except Complaint as complaint:
        line.end()
        print(complaint, file=sys.stderr)
        return IMPOSSIBLE


def client(url: str, token: str) -> httpx.AsyncClient:
    """Somebody's connection to a suite."""
    return httpx.AsyncClient(base_url=url, headers={"authorization": f"Bearer {token}"}, timeout=TIMEOUT_S)


async def _import(imports: Imports, options: argparse.Namespace, line: bars.Line) -> int:
    say = _Say(options.json, line)
    import_id = options.import_id or await _bring(imports, options, line)
    found = await imports.read(import_id)
    say(f"import {import_id} of {found['name']} into {found['storeId']}")
    if not (options.watch or options.approve or options.failures or options.import_id):
        say(f"It is being read. See how it goes: retailscan import --import {import_id} --watch")
        return say.end(found, DONE)
    found = await imports.until(import_id, READING, lambda seen: _draw(line, "staging", seen))
    if found["state"] == "staged":
        await _tell_what_was_found(imports, found, say)
        if not options.approve:
            if found["counts"]["errors"] < found["counts"]["rows"]:
                say(f"Nothing is live yet. Publish it: retailscan import --import {import_id} --approve")
            return say.end(found, INCOMPLETE if _waits(found["counts"]) else DONE)
        if refusal := await _approve(imports, options, found):
            say(refusal)
            return say.end(found, INCOMPLETE)
    found = await imports.until(import_id, PUBLISHING, lambda seen: _draw(line, "publishing", seen))
    _tell_end(found, say)
    if options.failures and "failures" in found["links"]:
        await imports.failures(import_id, options.failures)
        say(f"What failed is in {options.failures}: correct it there and import it with --corrects {import_id}")
    return say.end(found, DONE if found["state"] == "published" else INCOMPLETE)


# ---- what is asked --------------------------------------------------------------------------------------------


def _check(options: argparse.Namespace) -> None:
    if (options.file is None) == (options.import_id is None):
        raise Complaint("Say either a FILE or --import ID.")
    if options.file is not None and not options.store:
        raise Complaint("Say which store it is for: --store.")
    if options.file is not None and not options.file.is_file():
        raise Complaint(f"There is no file {options.file}.")
    if options.confirm and not options.approve:
        raise Complaint("--confirm goes with --approve.")
    if options.pace and not options.approve:
        raise Complaint("--pace goes with --approve.")


def _url(options: argparse.Namespace) -> str:
    found = options.url or settings.load(Caller).retailscan_url
    if not found:
        raise Complaint(f"Say where the suite is: --url, or {URL} in the environment.")
    if not str(found).startswith(("http://", "https://")):
        raise Complaint(f"{found} is no address: it begins with https:// (or http:// on your own machine).")
    return str(found)


def _token(options: argparse.Namespace) -> str:
    if options.token_file is None:
        found = settings.load(Caller).retailscan_token
    else:
        try:
            found = options.token_file.read_text(encoding="utf-8")
        except OSError as problem:
            raise Complaint(f"{options.token_file} cannot be read: {problem.strerror}.") from problem
    if not found.strip():
        raise Complaint(f"Say who you are: {TOKEN} in the environment, or --token-file.")
    return found.strip()


async def _bring(imports: Imports, options: argparse.Namespace, line: bars.Line) -> str:
    asked: Data = {
        "storeId": options.store,
        "profile": options.profile,
        "mode": options.mode,
        "corrects": options.corrects,
    }
    if options.again:
        asked["again"] = True

    def sent(done: int, whole: int) -> None:
        line.draw("uploading", done, whole, bars.size(done))

    try:
        return await imports.bring(options.file, asked, sent=sent)
    except Refused as refused:
        if refused.code != "DUPLICATE_FILE":
            raise
        known = refused.details["importId"] if isinstance(refused.details, dict) else "another import"
        raise Complaint(
            f"This file was imported already: {known}. Go on with it (--import {known}), or bring it again (--again)."
        ) from refused


async def _approve(imports: Imports, options: argparse.Namespace, found: Data) -> str | None:
    """Approve; why not, when only a person can do something about that."""
    try:
        await imports.approve(found["importId"], options.confirm, options.pace or "gentle")
    except Refused as refused:
        details = refused.details if isinstance(refused.details, dict) else {}
        match refused.code:
            case "CONFIRMATION_NEEDED":
                codes = " ".join(details["codes"])
                return f"Nothing is live yet: look at these rows, then approve with --confirm {codes}, or exclude them."
            case "NOTHING_TO_PUBLISH" | "SECOND_PERSON_NEEDED":
                return f"Nothing is live yet: {refused.message}."
            case "IMPORT_STATE" if details["state"] not in ("staged", "rejected", "cancelled", "expired"):
                # Approved already: by somebody else, or by us when the answer was lost.
                return None
        raise
    return None


# ---- what is said ---------------------------------------------------------------------------------------------


class _Say:
    """Sentences for people, or at the end one JSON object for programs."""

    def __init__(self, as_json: bool, line: bars.Line) -> None:
        self._json, self._line = as_json, line

    def __call__(self, text: str) -> None:
        """One line of the report."""
        if not self._json:
            self._line.end()
            print(text, flush=True)

    def end(self, found: Data, status: int) -> int:
        """The status, after what programs read."""
        self._line.end()
        if self._json:
            print(json.dumps(found))
        return status


def _draw(line: bars.Line, label: str, seen: Data) -> None:
    progress: Mapping[str, Any] = seen.get("progress") or {}
    done, whole = progress.get("rowsDone") or 0, progress.get("rowsTotal") or 0
    text = f"{done:,} of {whole:,} rows" if whole else f"{done:,} rows"
    if progress.get("rowsPerSecond"):
        text += f", {progress['rowsPerSecond']:,.0f}/s"
    if progress.get("secondsLeft"):
        text += f", {bars.duration(progress['secondsLeft'])} left"
    line.draw(label, done, whole or max(done, 1) * 2, text)


async def _tell_what_was_found(imports: Imports, found: Data, say: _Say) -> None:
    counts = found["counts"]
    say(f"{_plural(counts['rows'], 'row')}: {_counted(counts, (*_ACTIONS, *_STATUSES)) or 'nothing to do'}")
    if unknown := found["source"]["unknownColumns"]:
        say(f"columns the profile does not know: {', '.join(unknown)}")
    if counts.get("withdraw"):
        say(f"{_plural(counts['withdraw'], 'product')} that the file does not name would be withdrawn")
    for code, count in sorted(found["codes"].items(), key=lambda each: (-each[1], each[0])):
        say(f"  {code}: {_plural(count, 'row')}")
        for row in await imports.rows(found["importId"], code=code, limit=SAMPLES):
            fault = next(each for each in row["faults"] if each["code"] == code)
            where = fault["column"] or fault["field"]
            shown = f"{where} {fault['value']!r}: " if where and fault["value"] else ""
            say(f"    line {row['line']}: {shown}{fault['message']}")


def _tell_end(found: Data, say: _Say) -> None:
    state, error, result = found["state"], found["error"], found["result"]
    if error is not None:
        line = f" (line {error['line']})" if error["line"] else ""
        say(f"{state}: {error['code']}{line}: {error['message']}")
    elif state == "duplicate":
        say(f"duplicate: the same file is import {found['duplicateOf']}; bring it again with --again")
    elif result is None:
        say(state.replace("_", " "))
    else:
        say(f"{state.replace('_', ' ')}: {_counted(result, _ENDS) or 'nothing'}")


def _waits(counts: Mapping[str, int]) -> bool:
    """Whether rows would be left out, or wait for somebody's word."""
    return bool(counts["errors"] or counts["confirm"])


def _counted(counts: Mapping[str, int], names: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{counts[name]:,} {words}" for name, words in names if counts.get(name))


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
