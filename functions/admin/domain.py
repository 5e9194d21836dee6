"""Who sees what, and what is the same wherever it is shown. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

BRAND_MANAGER, STORE_MANAGER, STORE_STAFF, OPERATOR = "brand_manager", "store_manager", "store_staff", "operator"
PEOPLE = frozenset({BRAND_MANAGER, STORE_MANAGER, STORE_STAFF, OPERATOR})
"""Who may sign in here: shoppers have their app, machines have the API."""

HOME = "/admin"
LANGUAGES: Mapping[str, str] = {"en": "English", "de": "Deutsch"}
THEMES = ("auto", "light", "dark")


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the menu. `path` has `{store}` where it belongs to the chosen store."""

    key: str
    title: str
    path: str
    roles: frozenset[str]


def chosen_language(kept: str | None, accepted: str | None) -> str:
    """The language of a page: the reader's own choice, else the browser's first that there is, else English."""
    if kept in LANGUAGES:
        return kept or "en"
    weighted = []
    for number, part in enumerate((accepted or "").split(",")[:20]):
        tag, _, weight = part.strip().partition(";q=")
        try:
            weighted.append((-float(weight or 1), number, tag.partition("-")[0].lower()))
        except ValueError:
            continue
    return next((tag for weight, _, tag in sorted(weighted) if tag in LANGUAGES and weight < 0), "en")


def is_same_origin(origin: str | None, site: str | None, hosts: frozenset[str]) -> bool:
    """Whether a form comes from our own pages, by what a browser lets no page forge.

    `origin` and `site` are the headers Origin and Sec-Fetch-Site; `hosts` are the names (and ports) we are reached by.
    A browser sends at least one of the two with every POST; without both it is no browser with somebody's cookie.
    """
    if site is not None and site not in ("same-origin", "none"):
        return False
    # Pages that hide where they are from (Referrer-Policy: no-referrer) send the word null; then the other one decides.
    if origin not in (None, "null"):
        return urlsplit(origin).netloc in hosts
    return site == "same-origin"


def safe_next(path: str) -> str:
    """Where to go after signing in: a page of ours, whatever the address asked for."""
    inside = path == HOME or path.startswith((HOME + "/", HOME + "?"))
    plain = all(" " < character < "\x7f" and character != "\\" for character in path)
    return path if inside and plain and not path.startswith(f"{HOME}/sign-") else HOME
