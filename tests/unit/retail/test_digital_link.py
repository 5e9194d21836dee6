"""GS1 Digital Links: the same elements, carried by a web address."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.common.retail.barcode import InvalidCode, Reason
from functions.common.retail.digital_link import is_link, parse_link

GTIN = "09521234543213"


def refusal(uri: str) -> Reason:
    with pytest.raises(InvalidCode) as refused:
        parse_link(uri)
    return refused.value.code


@pytest.mark.parametrize(
    ("uri", "elements"),
    [
        (f"https://id.gs1.org/01/{GTIN}", {"01": GTIN}),
        (f"http://example.com/01/{GTIN}/", {"01": GTIN}),
        (f"HTTPS://EXAMPLE.COM:8443/01/{GTIN}", {"01": GTIN}),
        (f"https://shop.example/some/path/01/{GTIN}/10/ABC", {"01": GTIN, "10": "ABC"}),
        (f"https://shop.example/01/shelf/01/{GTIN}", {"01": GTIN}),
        (f"https://x.example/01/{GTIN}/22/2A/10/ABC/21/12345", {"01": GTIN, "22": "2A", "10": "ABC", "21": "12345"}),
        (f"https://x.example/01/{GTIN}/22/2A/21/12345", {"01": GTIN, "22": "2A", "21": "12345"}),
        (f"https://x.example/01/{GTIN}/235/TPX-1", {"01": GTIN, "235": "TPX-1"}),
        (f"https://x.example/01/{GTIN}/10/01", {"01": GTIN, "10": "01"}),
        (f"https://x.example/01/{GTIN}/10/A%2FB%20".removesuffix("%20"), {"01": GTIN, "10": "A/B"}),
        (f"https://x.example/01/{GTIN}/10/a+b", {"01": GTIN, "10": "a+b"}),
        (f"https://x.example/01/{GTIN}?17=270131&3103=001234", {"01": GTIN, "17": "270131", "3103": "001234"}),
        (f"https://x.example/01/{GTIN}?17=270131;10=A%3BB", {"01": GTIN, "17": "270131", "10": "A;B"}),
        (f"https://x.example/01/{GTIN}/10/A?10=A", {"01": GTIN, "10": "A"}),
        (f"https://x.example/01/{GTIN}?linkType=all&utm_source=qr&17=270131#top", {"01": GTIN, "17": "270131"}),
        (f"https://x.example/01/{GTIN}?", {"01": GTIN}),
        ("https://x.example/01/9521234543213", {"01": GTIN}),
        ("https://x.example/01/96385074", {"01": "00000096385074"}),
        ("https://x.example/01/036000291452", {"01": "00036000291452"}),
        ("https://x.example/8006/095212345432130102/21/7", {"8006": "095212345432130102", "21": "7"}),
        ("https://x.example/255/4006381333931001", {"255": "4006381333931001"}),
    ],
)
def test_a_digital_link_is_read_as_elements(uri: str, elements: dict[str, str]) -> None:
    assert is_link(uri)
    assert parse_link(uri).values == elements


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("https://example.com", Reason.UNSUPPORTED_SYMBOL),
        ("https://example.com/", Reason.UNSUPPORTED_SYMBOL),
        ("https://example.com/offers/autumn", Reason.UNSUPPORTED_SYMBOL),
        (f"https://example.com?01={GTIN}", Reason.UNSUPPORTED_SYMBOL),
        (f"https://example.com/01/{GTIN}/10", Reason.UNSUPPORTED_SYMBOL),
        ("https://example.com/414/9521321000010", Reason.UNSUPPORTED_SYMBOL),
        ("https:///01/09521234543213", Reason.BAD_LINK),
        ("https://", Reason.BAD_LINK),
        (f"https://x.example/01/{GTIN}/21/1/10/A", Reason.BAD_LINK),
        (f"https://x.example/01/{GTIN}/10/A/10/A", Reason.BAD_LINK),
        (f"https://x.example/01/{GTIN}/22/A/235/B", Reason.BAD_LINK),
        (f"https://x.example/01/{GTIN}/17/270131", Reason.BAD_LINK),
        (f"https://x.example/01/{GTIN}/10/A%G1", Reason.BAD_LINK),
        (f"https://x.example/01/{GTIN}/10/A%2", Reason.BAD_LINK),
        ("https://x.example/01/09521234543214", Reason.CHECK_DIGIT),
        ("https://x.example/01/0952123454321", Reason.CHECK_DIGIT),
        ("https://x.example/01/952", Reason.BAD_AI_DATA),
        (f"https://x.example/01/{GTIN}/10/", Reason.UNSUPPORTED_SYMBOL),
        (f"https://x.example/01/{GTIN}/10/%00", Reason.BAD_AI_DATA),
        (f"https://x.example/01/{GTIN}/10/%C3%A4", Reason.BAD_AI_DATA),
        (f"https://x.example/01/{GTIN}/10/%FF", Reason.BAD_AI_DATA),
        (f"https://x.example/01/{GTIN}/10/{'A' * 21}", Reason.BAD_AI_DATA),
        (f"https://x.example/01/{GTIN}?17=271301", Reason.BAD_AI_DATA),
        (f"https://x.example/01/{GTIN}?17", Reason.BAD_AI_DATA),
        (f"https://x.example/01/{GTIN}?1234=5", Reason.UNKNOWN_AI),
        (f"https://x.example/01/{GTIN}/10/A?10=B", Reason.DUPLICATE_AI),
    ],
)
def test_other_addresses_and_broken_links_are_refused(uri: str, reason: Reason) -> None:
    assert refusal(uri) is reason


@pytest.mark.parametrize("text", ["", "ftp://x/01/1", "http:/x", "www.example.com/01/1", "https", " https://x"])
def test_only_web_addresses_are_links(text: str) -> None:
    assert not is_link(text)


@given(st.text(max_size=80))
def test_no_address_makes_the_parser_crash(text: str) -> None:
    for uri in (text, "https://" + text, f"https://x/01/{GTIN}/{text}", f"https://x/01/{GTIN}?{text}"):
        with contextlib.suppress(InvalidCode):
            assert parse_link(uri).values
