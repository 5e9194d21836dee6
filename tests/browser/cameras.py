"""What a fake camera sees: a picture of a code, as the moving pictures that Chromium takes for a camera."""

from __future__ import annotations

import io
from pathlib import Path

import segno
from PIL import Image, ImageDraw

WIDTH, HEIGHT = 640, 480
FRAMES = 10
# GS1 General Specifications, 5.2: bars of a digit by number set A, which sets the left half takes by the first digit.
_A = ("0001101", "0011001", "0010011", "0111101", "0100011", "0110001", "0101111", "0111011", "0110111", "0001011")
_SETS = ("AAAAAA", "AABABB", "AABBAB", "AABBBA", "ABAABB", "ABBAAB", "ABBBAA", "ABABAB", "ABABBA", "ABBABA")
_MODULE, _BARS = 4, 220


def of_ean13(digits: str) -> Image.Image:
    """An EAN-13 as it stands on a pack, with its quiet zones."""
    left = "".join(_left(int(digit), kind) for digit, kind in zip(digits[1:7], _SETS[int(digits[0])], strict=True))
    right = "".join(_inverted(_A[int(digit)]) for digit in digits[7:])
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    draw = ImageDraw.Draw(image)
    modules = f"101{left}01010{right}101"
    start, top = (WIDTH - len(modules) * _MODULE) // 2, (HEIGHT - _BARS) // 2
    for place, module in enumerate(modules):
        if module == "1":
            x = start + place * _MODULE
            draw.rectangle((x, top, x + _MODULE - 1, top + _BARS), fill="black")
    return image


def of_qr(text: str) -> Image.Image:
    """A QR code as large as it fits."""
    content = io.BytesIO()
    symbol = segno.make(text, error="m", micro=False)
    symbol.save(content, kind="png", scale=max(1, (HEIGHT - 20) // (symbol.symbol_size()[0])))
    code = Image.open(content).convert("RGB")
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    image.paste(code, ((WIDTH - code.width) // 2, (HEIGHT - code.height) // 2))
    return image


def film(picture: Image.Image, file: Path) -> Path:
    """The picture as a film of a still camera, for --use-file-for-fake-video-capture."""
    frame = io.BytesIO()
    picture.save(frame, format="JPEG", quality=92)
    file.write_bytes(frame.getvalue() * FRAMES)
    return file


def _left(digit: int, kind: str) -> str:
    return _A[digit] if kind == "A" else _inverted(_A[digit])[::-1]


def _inverted(bars: str) -> str:
    return bars.translate(str.maketrans("01", "10"))
