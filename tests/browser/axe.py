"""axe-core, vendored for tests alone."""

from pathlib import Path

SCRIPT = Path(__file__).parent / "vendor" / "axe-core-4.14.1" / "axe.min.js"


def source() -> str:
    """The script; evaluated in a page it brings `axe`, whatever the page's policy says about scripts."""
    return SCRIPT.read_text()
