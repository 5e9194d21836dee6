"""Telling cp1250 from cp1252, and both from what is neither: by which language the letters would make.

The numbers are shares of the letters beyond ASCII in everyday text, rounded; only their order of size matters.
"""

from __future__ import annotations

import math
import re
from collections import Counter

_WESTERN: tuple[dict[str, float], ...] = (
    {"ä": 0.30, "ü": 0.35, "ö": 0.22, "ß": 0.12, "é": 0.01},
    {"é": 0.55, "è": 0.12, "à": 0.12, "ê": 0.06, "ç": 0.04, "â": 0.03, "ô": 0.03, "î": 0.02, "û": 0.02, "œ": 0.02},
    {"ó": 0.30, "í": 0.22, "á": 0.20, "é": 0.13, "ñ": 0.10, "ú": 0.05, "ü": 0.005},
    {"ã": 0.22, "ç": 0.18, "á": 0.15, "é": 0.12, "í": 0.10, "ó": 0.08, "ê": 0.07, "õ": 0.05, "â": 0.03, "ú": 0.03},
    {"ä": 0.44, "å": 0.28, "ö": 0.27, "é": 0.01},
    {"ø": 0.38, "å": 0.35, "æ": 0.25, "é": 0.02},
    {"à": 0.30, "è": 0.29, "ù": 0.13, "ò": 0.12, "ì": 0.10, "é": 0.06},
    {"é": 0.50, "ë": 0.30, "ï": 0.15, "è": 0.05},
)
_CENTRAL: tuple[dict[str, float], ...] = (
    {"č": 0.40, "š": 0.30, "ž": 0.22, "ć": 0.05, "đ": 0.03},
    {"ł": 0.25, "ę": 0.15, "ą": 0.14, "ó": 0.13, "ż": 0.12, "ś": 0.09, "ć": 0.05, "ń": 0.04, "ź": 0.03},
    {"í": 0.20, "á": 0.16, "ě": 0.11, "é": 0.09, "ř": 0.08, "č": 0.07, "ý": 0.07, "ž": 0.07, "š": 0.06, "ů": 0.04},
    {"á": 0.20, "í": 0.12, "č": 0.10, "é": 0.09, "š": 0.09, "ž": 0.09, "ý": 0.09, "ľ": 0.06, "ť": 0.06, "ú": 0.06},
    {"á": 0.30, "é": 0.30, "ö": 0.10, "ó": 0.09, "ő": 0.08, "í": 0.05, "ü": 0.04, "ú": 0.02, "ű": 0.02},
    {"ă": 0.40, "î": 0.16, "â": 0.15, "ş": 0.15, "ţ": 0.14},
)
_RARE: dict[str, str] = {"cp1252": "ïëùœñüéèôúíóàõÿæø", "cp1250": "úňťďóôňäŕĺüçë"}
_SYMBOLS = "€„“”‘’‚–—…•™©®°§±µ·×÷«»¡¿ªº²³¹½¼¾£¥´"  # noqa: RUF001 - signs that look like others are signs that prices and names have
_PAGES = (("cp1252", _WESTERN), ("cp1250", _CENTRAL))
_UNKNOWN = 0.0003
_LEAST = math.log(0.004)

_LETTERS_IN_A_ROW = re.compile(rb"[\xc0-\xff]{3,}")
# In the code pages of DOS and of old Macs these are letters, in those of Windows signs or capitals between words.
_SIGNS_IN_A_WORD = re.compile(
    rb"(?<=[A-Za-z])(?:[\x80-\x89\x8b\x91\x93-\x98\x9b](?=[A-Za-z])|[\x8a\x8c-\x90\xa4\xa6-\xa9](?=[a-z]))"
)
_HIGH = re.compile(rb"[\x80-\xff]")


def guess(sample: bytes) -> str | None:
    """The code page of bytes that are not UTF-8: cp1252, cp1250, or None if they look like neither."""
    high = len(_HIGH.findall(sample))
    # A word of letters beyond ASCII only is Cyrillic or Greek.
    in_a_row = sum(len(run) for run in _LETTERS_IN_A_ROW.findall(sample))
    if in_a_row * 3 > high or len(_SIGNS_IN_A_WORD.findall(sample)) * 10 > high:
        return None
    best: tuple[float, str | None] = (_LEAST, None)
    for page, languages in _PAGES:
        try:
            text = sample.decode(page)
        except UnicodeDecodeError:
            continue
        letters = Counter(letter.lower() for letter in text if not letter.isascii())
        likely = max(_likely(letters, language, _common(page, languages)) for language in languages)
        if likely > best[0]:
            best = (likely, page)
    return best[1]


def _common(page: str, languages: tuple[dict[str, float], ...]) -> dict[str, float]:
    """What a letter weighs that another language of the page has: assortments come from several countries."""
    common = {letter: 0.004 for letter in _RARE[page]} | {sign: 0.01 for sign in _SYMBOLS}
    for language in languages:
        for letter, share in language.items():
            common[letter] = max(common.get(letter, 0.0), share / 20)
    return common


def _likely(letters: Counter[str], language: dict[str, float], common: dict[str, float]) -> float:
    """The mean logarithm of how likely the letters are in the language."""
    total = sum(letters.values())
    if not total:
        return -math.inf
    shares = {letter: max(language.get(letter, 0.0), common.get(letter, _UNKNOWN)) for letter in letters}
    return sum(count * math.log(shares[letter]) for letter, count in letters.items()) / total
