"""Every sentence of the shop is there in every language, and says the same values."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from functions.storefront.pages import STATIC

ROOT = Path(__file__).parents[3]
WORDS = sorted((STATIC / "words").glob("*.json"))
SENTENCE = re.compile(r'\bt\(\s*("(?:[^"\\]|\\.)*")')
CODE = re.compile(r"[A-Z][A-Z_]+")


def scripts() -> dict[str, str]:
    files = (path for path in STATIC.rglob("*.js") if "vendor" not in path.parts)
    return {path.relative_to(STATIC).as_posix(): path.read_text() for path in files}


def sentences() -> dict[str, str]:
    """Every sentence, and the file that says it."""
    found = {json.loads(text): name for name, script in scripts().items() for text in SENTENCE.findall(script)}
    page = (STATIC / "index.html").read_text()
    for start, text in re.findall(r"(<[^>]*\bdata-words\b[^>]*>)([^<]*)", page):
        label = re.search(r'aria-label="([^"]+)"', start)
        found[label[1] if label else text] = "index.html"
    return found


def read(path: Path) -> dict[str, str]:
    """A file of words; a sentence that stands in it twice is a mistake."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(pairs) == len(dict(pairs)), path.name
        return dict(pairs)

    words: dict[str, str] = json.loads(path.read_text("utf-8"), object_pairs_hook=once)
    return words


@pytest.mark.parametrize("path", WORDS, ids=lambda path: path.stem)
def test_every_sentence_is_translated_and_no_translation_is_left_over(path: Path) -> None:
    words, said = read(path), sentences()
    assert {text: name for text, name in said.items() if not words.get(text, "").strip()} == {}
    assert [text for text in words if text not in said and not CODE.fullmatch(text)] == []


@pytest.mark.parametrize("path", WORDS, ids=lambda path: path.stem)
def test_a_translation_names_the_same_values(path: Path) -> None:
    for text, other in read(path).items():
        assert sorted(re.findall(r"\{\w+\}", text)) == sorted(re.findall(r"\{\w+\}", other)), text


@pytest.mark.parametrize("path", WORDS, ids=lambda path: path.stem)
def test_codes_of_the_api_are_ones_that_the_rooms_say(path: Path) -> None:
    rooms = (path for path in (ROOT / "functions").rglob("*.py"))
    said = set(re.findall(r'"([A-Z][A-Z_]+)"', "".join(room.read_text() for room in rooms)))
    assert {text for text in read(path) if CODE.fullmatch(text)} - said == set()


def test_sentences_are_written_out_where_they_are_said() -> None:
    # One that is put together first would be found by nobody who translates.
    for name, script in scripts().items():
        calls = len(re.findall(r"(?<![\w.])t\(", script)) - (2 if name == "lib/words.js" else 0)
        own = len(SENTENCE.findall(script)) + (script.count("t(label)") + script.count("t(each.textContent)"))
        assert calls <= own, name


def test_the_browsers_languages_are_those_that_there_are() -> None:
    (listed,) = re.findall(r"const LANGUAGES = (\[.*\]);", (STATIC / "lib/words.js").read_text())
    assert json.loads(listed) == [path.stem for path in WORDS]
