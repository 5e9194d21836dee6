"""NDJSON and JSON arrays: numbers as they were written, and a broken element concerns nobody else."""

from __future__ import annotations

import json
from itertools import chain, repeat
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.import_publish.formats import Limits, Record, table
from tests.unit.import_publish.formats.zoo import Stream, good, opened, problems, records, refused

MIB = 1 << 20
FORMS = [("ndjson", "", "\n", "\n"), ("json", "[", ",\n", "]")]
BOTH = pytest.mark.parametrize("form", FORMS, ids=["ndjson", "array"])
Form = tuple[str, str, str, str]


def made(form: Form, *elements: str) -> str:
    return form[1] + form[2].join(elements) + form[3]


def cells_of(form: Form, *elements: str) -> list[dict[str, str | None]]:
    found = opened(made(form, *elements))
    assert found.format == form[0]
    rows = []
    for record in found:
        assert record.problem is None
        rows.append(dict(zip(found.columns, record.cells, strict=False)))
    return rows


@BOTH
def test_scalars_are_text_exactly_as_written(form: Form) -> None:
    element = '{"a":1.10,"b":"1.10","c":1e400,"d":-0,"e":12345678901234567890,"f":true,"g":false,"h":null,"i":1E+2}'
    assert cells_of(form, element) == [
        {"a": "1.10", "b": "1.10", "c": "1e400", "d": "-0", "e": "12345678901234567890"}
        | {"f": "true", "g": "false", "h": None, "i": "1E+2"}
    ]


@BOTH
def test_objects_are_columns_one_level_deep_and_what_is_deeper_stays_json(form: Form) -> None:
    element = '{"a": {"b": 1.50, "c": {"d": [1.0, "x\\"ä", {"e": null}]}, "f": {}}, "g": [1.10, true, "1"], "h": {}}'
    assert cells_of(form, element) == [
        {"a.b": "1.50", "a.c": '{"d":[1.0,"x\\"ä",{"e":null}]}', "a.f": "{}", "g": '[1.10,true,"1"]'}
    ]


@BOTH
def test_columns_are_known_before_the_first_record_and_grow(form: Form) -> None:
    found = opened(made(form, "{}", '{"a":1}', '{"b":2,"a":3}', '{"c":4}', '{"a":5}'))
    rows = iter(found)
    assert found.columns == []
    assert next(rows) == Record(1, [], None)
    assert [record.cells for record in rows] == [["1"], ["3", "2"], [None, None, "4"], ["5", None, None]]
    assert found.columns == ["a", "b", "c"]


@BOTH
def test_a_broken_element_in_the_middle_concerns_itself_only(form: Form) -> None:
    good_one = '{"a":1}'
    elements = ['{"a":2 "b":3}', '{"a":NaN}', '{"a":-Infinity}', "{'a':1}", '{"a":01}', '{"a":"\t"}', '{"a" 1}']
    content = made(form, *chain.from_iterable((good_one, broken) for broken in elements), good_one)
    found = records(content)
    assert [record.line for record in found] == list(range(1, 2 * len(elements) + 2))
    assert [record.problem and record.problem[0] for record in found] == [None, "BAD_JSON"] * len(elements) + [None]
    assert found[1].cells == ['{"a":2 "b":3}'], "as it came, for people to see"


@BOTH
def test_elements_that_are_no_objects_are_told(form: Form) -> None:
    found = records(made(form, '{"a":1}', "1", '"x"', "[1]", "null", "true", '{"a":2}'))
    assert [record.problem and record.problem[0] for record in found] == [None, *["NOT_AN_OBJECT"] * 5, None]


@BOTH
def test_a_key_given_twice_is_told(form: Form) -> None:
    assert problems(made(form, '{"a":1}', '{"a":1,"a":1}', '{"a":{"b":1,"b":2}}', '{"a.b":1,"a":{"b":2}}')) == {
        2: "BAD_JSON",
        3: "BAD_JSON",
        4: "BAD_JSON",
    }


@BOTH
def test_half_a_character_and_nul_are_told(form: Form) -> None:
    elements = [r'{"a":"\ud83d\ude00"}', r'{"a":"\ud800"}', r'{"a":"\uDC00x"}', r'{"a":"\u0000"}', r'{"\ud800":1}']
    assert problems(made(form, *elements, r'{"a":{"b":"\ud800"}}', r'{"c\u0000":1}', r'{"a":["\ud800"]}')) == {
        2: "BAD_JSON",
        3: "BAD_JSON",
        4: "NUL_BYTE",
        5: "BAD_JSON",
        6: "BAD_JSON",
        7: "BAD_JSON",
        8: "BAD_JSON",
    }


@BOTH
@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_ten_thousand_levels_are_told_and_the_next_element_is_read(form: Form, opening: str) -> None:
    closing = "]" if opening == "[" else "}"
    deep = opening * 10_000 + "1" + closing * 10_000
    assert problems(made(form, '{"b":1}', f'{{"b":{deep}}}', '{"b":2}')) == {2: "BAD_JSON"}
    fifty = opening * 50 + "1" + closing * 50
    assert problems(made(form, '{"b":1}', f'{{"b":{fifty}}}', '{"b":2}')) == {2: "BAD_JSON"}


@BOTH
def test_a_value_that_is_too_long_concerns_its_element_only(form: Form) -> None:
    found = records(
        made(form, '{"a":1,"b":"x"}', '{"a":1,"b":"%s"}' % ("x" * 101), '{"a":2,"b":"y"}'), Limits(cell=100)
    )
    assert [record.problem and (record.problem[0], record.problem[2]) for record in found] == [
        None,
        ("CELL_TOO_LONG", 1),
        None,
    ]
    assert problems(made(form, '{"a":1}', '{"%s":1}' % ("x" * 101)), Limits(cell=100)) == {2: "CELL_TOO_LONG"}


@BOTH
def test_too_many_columns_are_refused_where_they_appear(form: Form) -> None:
    wide = json.dumps({f"c{n}": n for n in range(201)})
    assert refused(made(form, '{"a":1}', wide)) == ([1], "TOO_MANY_COLUMNS", 2)
    assert refused(made(form, wide)) == ([], "TOO_MANY_COLUMNS", 1)


@BOTH
def test_broken_bytes_and_nul_concern_their_element_only(form: Form) -> None:
    content = made(form, '{"a":"ä"}', '{"a":"§"}', '{"a":"\0"}', '{"a":"ö"}').encode().replace("§".encode(), b"\xe4")
    assert problems(content) == {2: "BAD_ENCODING", 3: "NUL_BYTE"}


@BOTH
def test_more_elements_than_allowed_are_refused(form: Form) -> None:
    assert refused(made(form, *['{"a":1}'] * 4), Limits(rows=3)) == ([1, 2, 3], "TOO_MANY_ROWS", 4)


@BOTH
def test_an_element_of_200_mib_is_refused_after_little_of_it(form: Form) -> None:
    begin = made(form, '{"a":1}', '{"a":"').removesuffix(form[3]).encode()
    stream = Stream(chain([begin], repeat(b"x" * 65_536, 3_200)))
    assert refused(stream) == ([1], "LINE_TOO_LONG", 2)
    assert stream.given < 3 * MIB
    assert refused(made(form, '{"a":1}', '{"a":"%s"}' % ("x" * 100)), Limits(line=50)) == ([1], "LINE_TOO_LONG", 2)


# ---- NDJSON ----------------------------------------------------------------------------------------------


def test_blank_lines_are_counted_and_skipped() -> None:
    assert good('{"a":1}\r\n\r\n  \n {"a":2} \n') == {1: ["1"], 4: ["2"]}


def test_two_objects_on_a_line_are_told() -> None:
    assert problems('{"a":1}\n{"a":1}{"a":2}\n{"a":3},\n{"a":4}') == {2: "BAD_JSON", 3: "BAD_JSON"}


def test_a_file_of_broken_lines_is_told_line_by_line() -> None:
    assert problems('{"a":\n{"b":\n') == {1: "BAD_JSON", 2: "BAD_JSON"}
    assert problems('{"a":\n\nx\n', name="list.ndjson") == {1: "BAD_JSON", 3: "BAD_JSON"}
    assert problems('{"a":1}\nx\n') == {2: "BAD_JSON"}


def test_columns_come_from_the_first_element_that_can_be_read() -> None:
    found = opened('{"a":\n{"a":1}\n')
    assert found.columns == ["a"]
    assert [record.line for record in found] == [1, 2]


def test_the_encoding_is_told_for_json_too() -> None:
    found = opened('{"a":"Žlička čokolade"}\n{"a":"x"}\n'.encode("cp1250"))
    assert [record.cells for record in found] == [["Žlička čokolade"], ["x"]]
    assert found.encoding == "cp1250"


def test_one_object_over_several_lines_is_refused() -> None:
    assert refused('{\n "products": [\n {"a":1}\n ]\n}') == ([], "BAD_JSON", 1)
    assert refused('\n\n{"products":\n[]}') == ([], "BAD_JSON", 3)


# ---- arrays ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", ["[]", " [ ] ", "\ufeff[]"])
def test_an_empty_array_is_an_empty_file(content: str) -> None:
    assert refused(content)[:2] == ([], "FILE_EMPTY")


def test_blanks_are_allowed_everywhere() -> None:
    assert good(' \n[\r\n\t{ "a" : 1 }\n,\n{"a":2}\n]\n \n') == {1: ["1"], 2: ["2"]}


@pytest.mark.parametrize(
    ("content", "lines", "code"),
    [
        ('[{"a":1},{"a":2}', [1, 2], "TRUNCATED"),
        ('[{"a":1},{"a":', [1], "TRUNCATED"),
        ('[{"a":1},', [1], "TRUNCATED"),
        ('[{"a":1},"x', [1], "TRUNCATED"),
        ('[{"a":1}{"a":2}]', [1], "BAD_JSON"),
        ('[{"a":1}]]', [1], "BAD_JSON"),
        ('[{"a":1}] {"a":2}', [1], "BAD_JSON"),
        ('[{"a":1}\0]', [1], "BAD_JSON"),
    ],
)
def test_an_array_that_is_broken_is_told_by_the_element(content: str, lines: list[int], code: str) -> None:
    assert refused(content) == (lines, code, len(lines) + 1)


@pytest.mark.parametrize(
    ("content", "broken"),
    [
        ('[{"a":1},]', {2: "BAD_JSON"}),
        ('[{"a":1},,{"a":2}]', {2: "BAD_JSON"}),
        ('[{"a":1},abc,{"a":2}]', {2: "BAD_JSON"}),
        ('[{"a":1},1 2,{"a":2}]', {2: "BAD_JSON"}),
        ('[{"a":1},{"a":"]}" x},{"a":2}]', {2: "BAD_JSON"}),
        ('[{"a":1},{"a":"\\"}" x},{"a":2}]', {2: "BAD_JSON"}),
    ],
)
def test_a_broken_element_is_measured_by_its_brackets(content: str, broken: dict[int, str]) -> None:
    assert problems(content) == broken


def test_a_number_cut_by_a_piece_is_one_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "CHUNK", 8)
    found = records('[{"a":1},123456789012,{"a":2}]')
    assert found[1].cells == ["123456789012"]


def test_an_array_of_two_encodings_is_refused_at_the_first_strange_element(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "CHUNK", 5_000)
    element = '{"a":"Käse süß"},'
    content = b"[" + element.encode("cp1252") * 6_000 + element.encode() * 6_000
    assert refused(content) == (list(range(1, 6_001)), "BAD_ENCODING", 6_001)


# ---- properties ------------------------------------------------------------------------------------------

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
)
KEYS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0."), max_size=5)
ELEMENTS = st.lists(st.dictionaries(KEYS, SCALARS, max_size=5), min_size=1, max_size=8)


def text_of(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)


@settings(max_examples=50, deadline=None)
@given(elements=ELEMENTS, form=st.sampled_from(FORMS), size=st.integers(1, 64), ascii_only=st.booleans())
def test_what_was_written_is_read(elements: list[dict[str, Any]], form: Form, size: int, ascii_only: bool) -> None:
    content = made(form, *(json.dumps(element, ensure_ascii=ascii_only) for element in elements))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table, "CHUNK", size)
        found = opened(content)
        rows = list(found)
    assert [record.problem for record in rows] == [None] * len(elements)
    for record, element in zip(rows, elements, strict=True):
        read = {name: cell for name, cell in zip(found.columns, record.cells, strict=False) if cell is not None}
        assert read == {key: text_of(value) for key, value in element.items() if value is not None}
