"""Pub/Sub's filter language, compiled to a predicate over a message's attributes.

`attributes:k`, `attributes.k = "v"`, `attributes.k != "v"` (true also when k is absent),
`hasPrefix(attributes.k, "p")`, NOT or -, AND, OR, parentheses. As in Google's service AND and OR may not be mixed
without parentheses.
"""

import re
from collections.abc import Callable, Mapping

Predicate = Callable[[Mapping[str, str]], bool]

MAX_BYTES = 256

_TOKEN = re.compile(r'\s*(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<word>[A-Za-z_][A-Za-z0-9_\-]*)|(?P<mark>!=|[=:.,()\-]))')
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{2}|[0-7]{3}|.)")
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


class BadFilter(ValueError):
    """The filter is not an expression of the language."""


def compile_filter(text: str) -> Predicate | None:
    """The predicate, or None when everything passes; raises BadFilter."""
    if not text.strip():
        return None
    if len(text.encode()) > MAX_BYTES:
        raise BadFilter(f"a filter has at most {MAX_BYTES} bytes")
    parser = _Parser(_tokens(text))
    predicate = parser.expression()
    if parser.peek():
        raise BadFilter(f"unexpected {parser.peek()!r}")
    return predicate


def _tokens(text: str) -> list[str]:
    found = []
    at = 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if match is None:
            raise BadFilter(f"cannot read the filter from {text[at:]!r}")
        found.append(match[0].strip())
        at = match.end()
    return found


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0

    def peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def expression(self) -> Predicate:
        parts = [self._term()]
        joiner = self.peek()
        while self.peek() in ("AND", "OR"):
            if self._next() != joiner:
                raise BadFilter("AND and OR are mixed without parentheses")
            parts.append(self._term())
        if len(parts) == 1:
            return parts[0]
        return _all_of(parts) if joiner == "AND" else _any_of(parts)

    def _term(self) -> Predicate:
        if self.peek() in ("NOT", "-"):
            self._next()
            return _not(self._term())
        if self.peek() == "(":
            self._next()
            inner = self.expression()
            self._expect(")")
            return inner
        return self._has_prefix() if self.peek() == "hasPrefix" else self._attribute()

    def _has_prefix(self) -> Predicate:
        self._next()
        self._expect("(")
        self._expect("attributes")
        self._expect(".")
        key = self._key()
        self._expect(",")
        prefix = self._string()
        self._expect(")")
        return lambda attributes: attributes.get(key, "").startswith(prefix) and key in attributes

    def _attribute(self) -> Predicate:
        self._expect("attributes")
        mark = self._next()
        if mark == ":":
            present = self._key()
            return lambda attributes: present in attributes
        if mark != ".":
            raise BadFilter(f"expected '.' or ':' after attributes, not {mark!r}")
        key = self._key()
        operator = self._next()
        if operator not in ("=", "!="):
            raise BadFilter(f"expected = or != after attributes.{key}, not {operator!r}")
        value = self._string()
        if operator == "=":
            return lambda attributes: attributes.get(key) == value
        return lambda attributes: attributes.get(key) != value

    def _key(self) -> str:
        token = self._next()
        if token.startswith('"'):
            return _unquote(token)
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_\-]*", token):
            raise BadFilter(f"expected the key of an attribute, not {token!r}")
        return token

    def _string(self) -> str:
        token = self._next()
        if not token.startswith('"'):
            raise BadFilter(f"expected a string in double quotes, not {token!r}")
        return _unquote(token)

    def _expect(self, token: str) -> None:
        found = self._next()
        if found != token:
            raise BadFilter(f"expected {token!r}, not {found!r}")

    def _next(self) -> str:
        token = self.peek()
        if not token:
            raise BadFilter("the filter ends too early")
        self._at += 1
        return token


def _unquote(token: str) -> str:
    def plain(match: re.Match[str]) -> str:
        code = match[1]
        if code[0] in "uUx" and len(code) > 1:
            return _character(int(code[1:], 16))
        return chr(int(code, 8)) if len(code) == 3 else _SIMPLE.get(code, code)

    return _ESCAPE.sub(plain, token[1:-1])


def _character(code: int) -> str:
    if code > 0x10FFFF or 0xD800 <= code < 0xE000:
        raise BadFilter(f"no character has the code {code:#x}")
    return chr(code)


def _all_of(parts: list[Predicate]) -> Predicate:
    return lambda attributes: all(part(attributes) for part in parts)


def _any_of(parts: list[Predicate]) -> Predicate:
    return lambda attributes: any(part(attributes) for part in parts)


def _not(part: Predicate) -> Predicate:
    return lambda attributes: not part(attributes)
