"""Which collections a room's code can come to read or write, found by following its imports; nothing is run.

A module uses a collection when it asks `mongo` for it, or has `bulk` write to it. It only reads one that it asks
`cache_source` for, or asks a question at once, or when nothing in it writes and it hands it to nobody who might.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[3]
READS = frozenset({"find", "find_one", "aggregate", "count_documents", "estimated_document_count", "distinct"})
WRITES = frozenset(
    {
        *("insert_one", "insert_many", "update_one", "update_many", "replace_one", "delete_one", "delete_many"),
        *("bulk_write", "find_one_and_update", "find_one_and_replace", "find_one_and_delete", "change_one"),
    }
)


@dataclass
class Used:
    """What is read and what is written."""

    reads: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)


def used_by(room: str) -> Used:
    """What the room's own modules and the ground floor under them use."""
    found = Used()
    for path in _reached(room):
        each = _of_module(path)
        found.reads |= each.reads
        found.writes |= each.writes
    found.reads -= found.writes
    return found


def _reached(room: str) -> set[Path]:
    waiting = [path for path in (ROOT / "functions" / room).rglob("*.py") if path.name != "collections.py"]
    found: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += [each for each in _imports(path) if "contracts" not in each.parts]
    return found


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def _imports(path: Path) -> Iterator[Path]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("functions"):
            for name in node.names:
                yield from _file(f"{node.module}.{name.name}")
            yield from _file(node.module)
        elif isinstance(node, ast.Import):
            for name in node.names:
                yield from _file(name.name)


def _file(module: str) -> Iterator[Path]:
    path = ROOT / Path(*module.split("."))
    if path.with_suffix(".py").exists() and path.parts[-2:] != ("common", "migrations"):
        yield path.with_suffix(".py")


@cache
def _of_module(path: Path) -> Used:
    tree, found = _tree(path), Used()
    changes = any(isinstance(node, ast.Attribute) and node.attr in WRITES for node in ast.walk(tree))
    handed = {
        id(argument)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) != "Scoped"
        for argument in node.args
    }
    asked = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in READS}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
            continue
        of = getattr(node.func.value, "id", "")
        if of == "bulk":
            found.writes |= _names(node.args[0], path) & _known()
        elif of == "mongo" and node.func.attr in ("collection", "cache_source"):
            may_write = node.func.attr == "collection" and id(node) not in asked and (changes or id(node) in handed)
            (found.writes if may_write else found.reads).update(_names(node.args[0], path))
    return found


def _names(node: ast.expr, path: Path) -> set[str]:
    """The collections that an expression may stand for; a parameter may stand for any that its module names."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {node.value}
    constants = _constants(path)
    if isinstance(node, ast.Name):
        return {constants[node.id]} if node.id in constants else {v for v in constants.values() if v in _known()}
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        for module in _modules_called(node.value.id, path):
            if node.attr in _constants(module):
                return {_constants(module)[node.attr]}
    return set()


@cache
def _constants(path: Path) -> dict[str, str]:
    """Names of strings in a module, its own and those it imports by name."""
    found: dict[str, str] = {}
    for node in _tree(path).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            value = node.value.value
            found |= {t.id: value for t in targets if isinstance(t, ast.Name) and isinstance(value, str)}
        elif (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Tuple)
            and isinstance(node.targets[0], ast.Tuple)
        ):
            pairs = zip(node.targets[0].elts, node.value.elts, strict=False)
            found |= {t.id: str(v.value) for t, v in pairs if isinstance(t, ast.Name) and isinstance(v, ast.Constant)}
        elif isinstance(node, ast.ImportFrom) and node.module:
            for source in _file(node.module):
                theirs = _constants(source)
                found |= {n.asname or n.name: theirs[n.name] for n in node.names if n.name in theirs}
    return found


def _modules_called(name: str, path: Path) -> Iterator[Path]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module:
            for each in node.names:
                if (each.asname or each.name) == name:
                    yield from _file(f"{node.module}.{each.name}")


@cache
def _known() -> frozenset[str]:
    from functions.common.cards import load_cards
    from functions.common.migrations import SHARED

    owned = {name for card in load_cards() for name in card.collections}
    return frozenset(owned | {each.name for each in SHARED})
