"""A shop's HTML becomes text that a till can show."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.import_publish.domain.prose import from_html


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("plain, with\na line", "plain, with\na line"),
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("<p>One<br>Two<br/>Three</p>", "One\nTwo\nThree"),
        ("<ul>\n<li>milk</li>\n<li>oats</li>\n</ul>", "\u2022 milk\n\u2022 oats"),
        ("Fish &amp; chips&nbsp;&eacute;", "Fish & chips \u00e9"),
        ("a<b>b</b>c <i>d</i>", "abc d"),
        ("<style>p {color: red}</style>x<script>alert('<p>')</script>y", "xy"),
        ("x<script>never closed", "x"),
        ("</script>x", "x"),
        ("5 < 6 and 7 > 6", "5 < 6 and 7 > 6"),
        ("less <than nothing", "less <than nothing"),
        ("a <!-- hidden > --> b", "a b"),
        ("a <!-- never closed", "a <!-- never closed"),
        ('<p data-x="a > b">in</p>', "in"),
        ('<p data-x="a > b>in', "b>in"),
        ('<p data-x="a > "b', '"b'),
        ("<!DOCTYPE html><?xml?>x", "x"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("<div><div><p> much  \n room </p></div></div><p>x</p>", "much room\n\nx"),
        ("<p></p>&nbsp;<br>", ""),
        ("a\x00b<br>c", "a b\nc"),
    ],
)
def test_html_becomes_the_lines_a_reader_sees(html: str, text: str) -> None:
    assert from_html(html) == text


@pytest.mark.parametrize(
    "evil",
    [
        "<",
        "<a ",
        "<!--",
        "<a b='",
        '<a b="',
        '<a "">"',
        '<a ">',
        "<script",
        "<script>",
        "</",
        "<?",
        "&lt",
        "<p> ",
        " \x00<b>",
    ],
)
def test_no_cell_keeps_a_worker_busy(evil: str) -> None:
    started = time.process_time()
    from_html((evil * 65536)[:65536])
    assert time.process_time() - started < 2, "the standard library's parser takes a minute for some of these"


@given(st.text("<>/!-?&;\"'= apscrit\x00\n", max_size=60))
def test_no_text_breaks_it_and_no_nul_comes_out(html: str) -> None:
    text = from_html(html)
    assert "\x00" not in text or ("<" not in html and "&" not in html)
