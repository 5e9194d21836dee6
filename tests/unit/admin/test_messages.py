"""Every word that a page says is there in every language."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from jinja2 import Environment
from jinja2.ext import extract_from_ast

from functions.admin import messages
from functions.admin.domain import LANGUAGES, THEMES
from functions.admin.menu import MENU

ROOM = Path(messages.__file__).parents[1]
NAMES = ("_", "say")


def said() -> dict[str, str]:
    """Every message of templates and code, and where it stands."""
    found = {place.title: "menu" for place in MENU} | {f"theme {theme}": "themes" for theme in THEMES}
    environment = Environment()
    for path in ROOM.glob("templates/**/*.html"):
        for line, _, text in extract_from_ast(environment.parse(path.read_text()), NAMES):
            first = text[0] if isinstance(text, tuple) else text
            if first is not None:
                found[first] = f"{path.name}:{line}"
    for path in ROOM.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "say":
                first_argument = node.args[0]
                if isinstance(first_argument, ast.Constant) and isinstance(first_argument.value, str):
                    found[first_argument.value] = f"{path.name}:{node.lineno}"
    return found


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"en"}))
def test_every_message_is_translated(language: str) -> None:
    known = messages.read((messages.FOLDER / f"{language}.po").read_text("utf-8"))
    missing = {text: place for text, place in said().items() if text not in known}
    assert missing == {}


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"en"}))
def test_a_translation_names_the_same_values(language: str) -> None:
    for text, other in messages.read((messages.FOLDER / f"{language}.po").read_text("utf-8")).items():
        assert sorted(re.findall(r"\{\w+\}", text)) == sorted(re.findall(r"\{\w+\}", other)), text


def test_a_message_file_is_read_as_gettext_would() -> None:
    text = 'msgid ""\nmsgstr "header\\n"\n\n# note\nmsgid "A \\"b\\""\nmsgstr ""\n"eine "\n"Zeile"\n'
    text += '\nmsgid "empty"\nmsgstr ""\n'
    assert messages.read(text) == {'A "b"': "eine Zeile"}


def test_what_nobody_translated_is_said_in_english() -> None:
    assert messages.translate("de", "Nobody says {what}.", what="this") == "Nobody says this."
