"""Notices as apps see them; plain JSON, as streams and lists send the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from functions.notify import words
from functions.notify.domain.mailbox import Notice


def notice(told: Notice, language: str) -> dict[str, Any]:
    """One notice, with its words in the reader's language."""
    said = words.words(told.text, told.count, language)
    return {
        "id": told.id,
        "kind": told.kind,
        "at": told.at,
        "title": said.title,
        "text": said.body,
        "data": told.data,
    }


def notices(told: Sequence[Notice], language: str, after: int) -> dict[str, Any]:
    """Some notices, and the number to go on behind."""
    return {"notices": [notice(each, language) for each in told], "last": told[-1].id if told else after}
