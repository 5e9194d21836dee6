"""A million barcodes as numbers: the same one twice, and which of the store's the file does not name."""

from __future__ import annotations

import heapq
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator

NO_KEY = 0
"""The key of a row without a barcode; it is nobody's duplicate."""
LONGEST = 14
_LENGTH_BITS = 4
_PARTS = 64


def pack(barcode: str) -> int:
    """A barcode of 1 to 14 digits as a number below 2**51 that sorts as the text does. Raises ValueError for others."""
    if not 0 < len(barcode) <= LONGEST or not (barcode.isascii() and barcode.isdigit()):
        raise ValueError("a key is made of 1 to 14 digits")
    return int(barcode.ljust(LONGEST, "0")) << _LENGTH_BITS | len(barcode)


def unpack(key: int) -> str:
    """The barcode of a key."""
    return str(key >> _LENGTH_BITS).zfill(LONGEST)[: key & (1 << _LENGTH_BITS) - 1]


class Duplicates:
    """The rows of a file that share a barcode. Flat arrays: also a file of nothing but duplicates is small."""

    __slots__ = ("_keys", "_places", "_starts")

    def __init__(self, keys: array[int], starts: array[int], places: array[int]) -> None:
        self._keys, self._starts, self._places = keys, starts, places

    def __len__(self) -> int:
        """How many barcodes are there more than once."""
        return len(self._keys)

    def __iter__(self) -> Iterator[tuple[int, array[int]]]:
        """Each such key, in the order of the barcodes, with the positions of its rows in the order of the file."""
        for at, key in enumerate(self._keys):
            yield key, self._places[self._starts[at] : self._starts[at + 1]]

    def of(self, key: int) -> array[int]:
        """The positions of all rows with this key; empty when it is there once or not at all."""
        at = bisect_left(self._keys, key)
        if at == len(self._keys) or self._keys[at] != key:
            return array("I")
        return self._places[self._starts[at] : self._starts[at + 1]]


def find_duplicates(keys: array[int]) -> Duplicates:
    """The rows that share a barcode, by their positions in `keys`; rows without a barcode are left out."""
    repeated = array("Q", sorted(_repeated(keys)))
    counts = array("I", bytes(4 * (len(repeated) + 1)))
    if not repeated:
        return Duplicates(repeated, counts, array("I"))
    for _, at in _hits(keys, repeated):
        counts[at + 1] += 1
    for at in range(len(repeated)):
        counts[at + 1] += counts[at]
    places = array("I", bytes(4 * counts[-1]))
    free = array("I", counts)
    for position, at in _hits(keys, repeated):
        places[free[at]] = position
        free[at] += 1
    return Duplicates(repeated, counts, places)


def _repeated(keys: array[int]) -> Iterator[int]:
    for part in _sorted_parts(keys):
        last = told = NO_KEY
        for key in part:
            if key == last and key != told:
                told = key
                yield key
            last = key


def _hits(keys: array[int], repeated: array[int]) -> Iterator[tuple[int, int]]:
    size = len(repeated)
    for position, key in enumerate(keys):
        at = bisect_left(repeated, key)
        if at < size and repeated[at] == key:
            yield position, at


def _sorted_parts(keys: array[int]) -> list[array[int]]:
    """The keys in parts, each of them sorted: sorting all at once would make a million numbers into objects."""
    parts = [array("Q") for _ in range(_PARTS)]
    add = [part.append for part in parts]
    for key in keys:
        # The digits before the check digit's: nearly as good as random.
        add[(key >> _LENGTH_BITS) * 0x9E3779B1 >> 16 & _PARTS - 1](key)
    for at, part in enumerate(parts):
        parts[at] = array("Q", sorted(part))
    return parts


def in_order(keys: array[int]) -> Iterator[int]:
    """The keys of a file sorted, without those of rows that have none."""
    return (key for key in heapq.merge(*_sorted_parts(keys)) if key != NO_KEY)


def withdrawals(live: Iterable[str], keys: Iterable[int]) -> Iterator[str]:
    """The live barcodes, sorted as text, that are not among the sorted keys of the file."""
    rest = iter(keys)
    key = next(rest, None)
    for barcode in live:
        wanted = pack(barcode)
        while key is not None and key < wanted:
            key = next(rest, None)
        if key != wanted:
            yield barcode
