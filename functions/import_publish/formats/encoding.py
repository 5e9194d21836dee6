"""Bytes to text: UTF-8, UTF-16 with its mark, a declared encoding, or one of two code pages that can be told apart.

What cannot be decoded becomes MARK, so that the row it is in can be named and the rest be read.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from functions.import_publish.formats.code_pages import guess
from functions.import_publish.formats.limits import CHUNK, FileProblem

MARK = "\udcff"
"""Stands for bytes that are no text. No decoder produces it: it is half of a surrogate pair."""

_SAMPLE = 64 << 10
_ERRORS = "retailscan-mark"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, ""),
    (codecs.BOM_UTF32_BE, ""),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Declared names go through the codec registry, which also knows zip, rot13 and other things that are no encodings.
_DECLARABLE = frozenset(
    {"utf-8", "utf-16", "utf-16-le", "utf-16-be", "ascii", "iso8859-1", "iso8859-2", "iso8859-15", "mac-roman"}
    | {"cp437", "cp850", "cp852", "koi8-r", "shift_jis", "cp932", "euc_jp", "gb18030", "gbk", "big5", "euc_kr"}
    | {f"cp125{n}" for n in range(9)}
    | {f"iso8859-{n}" for n in (3, 4, 5, 7, 9, 10, 13, 14, 16)}
)
_SEQUENCE = rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
_UTF8_SEQUENCE = re.compile(_SEQUENCE)
_UTF8_TEXT = re.compile(rb"(?:(?:" + _SEQUENCE + rb")[\x00-\x7f]*+){3}")
_MAYBE_UTF8 = re.compile(rb"[\xc2-\xf4][\x80-\xbf]")
_CUT_SEQUENCE = re.compile(rb"(?:[\xc2-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf4][\x80-\xbf]{0,2})\Z")
_NOT_ASCII = re.compile(rb"[\x80-\xff]")


def _mark(error: UnicodeError) -> tuple[str, int]:
    if isinstance(error, UnicodeDecodeError):
        return MARK, error.end
    raise error


codecs.register_error(_ERRORS, _mark)


class Decoder:
    """The text of a file, piece by piece; `encoding` is what it is taken for so far.

    As long as everything is ASCII nothing has to be decided, so nothing is: a file may be ASCII for a thousand lines
    before the first name with an accent comes.
    """

    def __init__(self, chunks: Iterator[bytes], declared: str | None = None) -> None:
        self._chunks = chunks
        self._declared = declared
        self.encoding = "utf-8"

    def __iter__(self) -> Iterator[tuple[str, bool]]:
        """Pieces of text, each with whether it may hold MARK. Raises FileProblem BAD_ENCODING, without a line."""
        first = next(self._chunks, b"")
        first, known = self._known(first)
        if known is None:
            chunk = first
            while chunk.isascii() and chunk:
                yield chunk.decode("ascii"), False
                chunk = next(self._chunks, b"")
            if not chunk:
                return
            # The decision is made on enough text, and not on the last few bytes of a piece.
            more = b"?"
            while more and len(chunk) - _first_not_ascii(chunk) < _SAMPLE:
                more = next(self._chunks, b"")
                chunk += more
            try:
                # More follows, so the last character of the sample may be cut.
                known = decided(_CUT_SEQUENCE.sub(b"", chunk) if more else chunk)
            except FileProblem:
                # The lines before stand, and so the line of the first strange byte can be told.
                yield chunk[: _first_not_ascii(chunk)].decode("ascii"), False
                raise
            first = chunk
        self.encoding = known
        yield from self._decoded(first, known)

    def _known(self, first: bytes) -> tuple[bytes, str | None]:
        """The encoding, where a mark or the profile says it; the mark is cut off."""
        for bom, encoding in _BOMS:
            if first.startswith(bom):
                if not encoding:
                    raise _unreadable("The file is UTF-32: save it as UTF-8.")
                return first[len(bom) :], encoding
        if self._declared:
            try:
                encoding = codecs.lookup(self._declared).name
            except (LookupError, ValueError):
                encoding = ""
            if encoding not in _DECLARABLE:
                raise _unreadable("The encoding that the profile names is not known: name another.")
            return first, "utf-16-le" if encoding == "utf-16" else encoding
        if _looks_wide(first[:200]):
            raise _unreadable("The file is UTF-16 and does not say so: save it as UTF-8.")
        return first, None

    def _decoded(self, first: bytes, encoding: str) -> Iterator[tuple[str, bool]]:
        decoder = codecs.getincrementaldecoder(encoding)("strict")
        guessed = self._declared is None and encoding.startswith("cp")
        chunk, final = first, False
        while not final:
            final = not chunk
            if guessed and not chunk.isascii() and (place := _where_mixed(chunk)) is not None:
                yield chunk[:place].decode(encoding, _ERRORS), True
                raise _unreadable("The file mixes encodings: from here on it is UTF-8. Save all of it as UTF-8.")
            try:
                text, marked = decoder.decode(chunk, final), False
            except UnicodeDecodeError:
                # A strict decoder that fails has kept its state, so the same bytes can be given again.
                decoder.errors = _ERRORS
                text, marked = decoder.decode(chunk, final), True
                decoder.errors = "strict"
            if text:
                yield text, marked
            chunk = b"" if final else next(self._chunks, b"")


def decided(sample: bytes) -> str:
    """The encoding of bytes that are not ASCII: UTF-8, even with some faults, or else a code page.

    Raises FileProblem BAD_ENCODING when it is neither, or both.
    """
    good, bad = _sequences(sample)
    if good >= bad:
        return "utf-8"
    if good * 10 > bad:
        raise _unreadable("The file mixes encodings: save all of it as UTF-8.")
    page = guess(sample[: 4 * CHUNK])
    if page is None:
        raise _unreadable("The file is neither UTF-8 nor in a known code page: save it as UTF-8, or name its encoding.")
    return page


def _sequences(data: bytes) -> tuple[int, int]:
    """How many characters beyond ASCII are good UTF-8, and how many bytes are none."""
    found = _UTF8_SEQUENCE.findall(data)
    rest = _UTF8_SEQUENCE.sub(b"", data) if found else data
    return len(found), len(rest) - len(_NOT_ASCII.sub(b"", rest))


def _where_mixed(chunk: bytes) -> int | None:
    """Where UTF-8 begins in text of a code page, if it does. One letter may look like it by chance, three do not."""
    # The first look is ten times as fast, and nearly always enough.
    found = _MAYBE_UTF8.search(chunk)
    found = found and _UTF8_TEXT.search(chunk, found.start())
    return found.start() if found else None


def _first_not_ascii(chunk: bytes) -> int:
    found = _NOT_ASCII.search(chunk)
    return found.start() if found else len(chunk)


def _looks_wide(head: bytes) -> bool:
    """Whether every other byte is NUL, as in UTF-16 of Latin letters."""
    even, odd = any(head[:16:2]), any(head[1:16:2])
    return len(head) >= 8 and head.count(0) * 3 >= len(head) and even != odd


def _unreadable(message: str) -> FileProblem:
    return FileProblem("BAD_ENCODING", message)
