"""The exit pass as a picture that a gate can read: a QR code, as SVG or PNG."""

from __future__ import annotations

import io
from typing import Literal

Form = Literal["svg", "png"]
MEDIA = {"svg": "image/svg+xml", "png": "image/png"}
# Modules are 8 pixels, so that a phone never has to make the picture larger.
_SCALE = {"svg": 4, "png": 8}
_BORDER = 4


def draw(text: str, form: Form) -> bytes:
    """The picture of a text."""
    import segno

    target = io.BytesIO()
    # Level M survives a scratched screen; numbers above it make the code too fine for a cheap camera.
    code = segno.make(text, error="m", micro=False, boost_error=False)
    code.save(target, kind=form, scale=_SCALE[form], border=_BORDER, light="#fff")
    return target.getvalue()
