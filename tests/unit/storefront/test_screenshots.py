"""The README shows every picture of the web app, and none that is not there."""

from __future__ import annotations

import re

from tests.support import ROOT


def test_every_page_is_shown_at_both_widths() -> None:
    shown = re.findall(r'src="docs/screenshots/(shop-[\w-]+)-(phone|desktop)\.png"', (ROOT / "README.md").read_text())
    taken = {tuple(path.stem.rsplit("-", 1)) for path in (ROOT / "docs" / "screenshots").glob("shop-*.png")}
    assert set(shown) == taken
    assert {size for _, size in taken} == {"phone", "desktop"}
    assert len(taken) % 2 == 0
