"""Pub/Sub's filter language, by example."""

import pytest

from local.pubsub_filter import BadFilter, compile_filter

MESSAGE = {"type": "catalog.price_changed", "storeId": "s-1", "version": "1", "empty": "", "a-b": "dash", "ü x": "odd"}


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("", True),
        ("   ", True),
        ("attributes:type", True),
        ("attributes:missing", False),
        ("attributes:empty", True),
        ('attributes.type = "catalog.price_changed"', True),
        ('attributes.type="catalog"', False),
        ('attributes.TYPE = "catalog.price_changed"', False),
        ('attributes.missing = "x"', False),
        ('attributes.empty = ""', True),
        ('attributes.missing = ""', False),
        ('attributes.type != "catalog"', True),
        ('attributes.type != "catalog.price_changed"', False),
        ('attributes.missing != "x"', True),
        ('hasPrefix(attributes.type, "catalog.")', True),
        ('hasPrefix(attributes.type, "price")', False),
        ('hasPrefix(attributes.missing, "")', False),
        ('attributes.a-b = "dash"', True),
        ('attributes."ü x" = "odd"', True),
        ('attributes:"ü x"', True),
        ('attributes."\\u00fc x" = "\\x6fdd"', True),
        ('attributes.version = "\\061"', True),
        ("NOT attributes:missing", True),
        ("-attributes:type", False),
        ("NOT NOT attributes:type", True),
        ("attributes:type AND attributes:missing", False),
        ("attributes:type OR attributes:missing", True),
        ("attributes:missing OR attributes:nope OR attributes:type", True),
        ('attributes:type AND (attributes:missing OR attributes.version = "1")', True),
        ("NOT (attributes:type AND attributes:version)", False),
        ('attributes:type AND NOT hasPrefix(attributes.storeId, "t-")', True),
        ("(((attributes:type)))", True),
    ],
)
def test_a_filter_lets_through_what_it_says(text: str, passes: bool) -> None:
    predicate = compile_filter(text)

    assert (predicate is None or predicate(MESSAGE)) is passes


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "attributes",
        "attributes.type",
        "attributes.type = ",
        "attributes.type = bare",
        'attributes.type == "x"',
        'attributes.type > "x"',
        "attributes:type AND",
        "attributes:type attributes:version",
        "attributes:a AND attributes:b OR attributes:c",
        "(attributes:type",
        "attributes:type)",
        'hasPrefix(attributes:type, "x")',
        "hasPrefix(attributes.type)",
        'hasSuffix(attributes.type, "x")',
        "attributes:type and attributes:version",
        'attributes.type = "unfinished',
        "attributes.type = 'single'",
        'data = "x"',
        'attributes.k = "\\U99999999"',
        'attributes.k = "' + "x" * 250 + '"',
    ],
)
def test_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(BadFilter):
        compile_filter(text)
