"""The GS1 application identifiers (AIs): formats and which of them belong together.

Source of the facts: GS1 General Specifications, and the GS1 Barcode Syntax Dictionary. One line an AI:
the AI (or a family: `310-316/5` is 3100-3105, 3110-3115 ... the last digit being the count of decimals),
its parts joined by `+`, then `needs:` one of these besides, `not:` none of these besides.
A part is n (digits), x (GS1 character set 82), y (set 39) or z (set 64), its length, and after @ what is
checked. Only the last part may vary in length.
"""

from __future__ import annotations

from typing import NamedTuple

GS = "\x1d"

_TABLE = """
00 n18@sum
01 n14@sum not:02,255,37
02 n14@sum needs:37
03 n14@sum
10 x1-20 needs:ITEM
11 n6@day needs:ITEM
12 n6@day needs:8020
13 n6@day needs:ITEM
15 n6@day needs:ITEM
16 n6@day needs:ITEM
17 n6@day needs:ITEM,255
20 n2 needs:ITEM
21 x1-20 needs:01,03,8006 not:235
22 x1-20 needs:01
235 x1-28 needs:01
240 x1-30 needs:ITEM
241 x1-30 needs:ITEM
242 n1-6 needs:ITEM
243 x1-20 needs:01
250 x1-30 needs:01,8006 needs:21
251 x1-30 needs:01,8006
253 n13@sum+x0-17
254 x1-20 needs:414
255 n13@sum+n0-12 not:01,02,415,8006,8020,8026
30 n1-8 needs:01,02
310-316/5 n6 needs:01,02 not:self
320-329/5 n6 needs:01,02 not:self
330-336/5 n6 needs:00,01 not:self
337/5 n6 needs:01 not:self
340-349/5 n6 needs:00,01 not:self
350-352/5 n6 needs:01,02 not:self
353-355/5 n6 needs:00,01 not:self
356-357/5 n6 needs:01,02 not:self
360-361/5 n6 needs:01,02 not:self
362-363/5 n6 needs:00,01 not:self
364-366/5 n6 needs:01,02 not:self
367-369/5 n6 needs:00,01 not:self
37 n1-8 needs:02,8026
390/9 n1-15 needs:255,8020 not:self,391n,394n,8111
391/9 n3@currency+n1-15 needs:8020 not:self
392/9 n1-15 needs:01 needs:MEASURE not:self,393n
393/9 n3@currency+n1-15 needs:MEASURE not:self
394/3 n4 needs:255 not:self,8111
395/5 n6 needs:MEASURE not:self,392n,393n,8005
400 x1-30
401 x1-30
402 n17@sum
403 x1-30 needs:00
410 n13@sum
411 n13@sum
412 n13@sum
413 n13@sum
414 n13@sum
415 n13@sum needs:8020
416 n13@sum
417 n13@sum
420 x1-20 not:421
421 n3+x1-9 not:4307
422 n3 needs:ITEM not:426
423 n3-15@threes needs:01,02 not:426
424 n3 needs:01,02 not:426
425 n3-15@threes needs:01,02 not:426
426 n3 needs:01,02
427 x1-3 needs:01,02 needs:422
4300 x1-35 needs:00
4301 x1-35 needs:00
4302 x1-70 needs:00
4303 x1-70 needs:4302
4304 x1-70 needs:00
4305 x1-70 needs:00
4306 x1-70 needs:00
4307 x2 needs:00
4308 x1-30 needs:00
4309 n20 needs:00
4310 x1-35 needs:00
4311 x1-35 needs:00
4312 x1-70 needs:00
4313 x1-70 needs:4312
4314 x1-70 needs:00
4315 x1-70 needs:00
4316 x1-70 needs:00
4317 x2 needs:00
4318 x1-20 needs:00
4319 x1-30 needs:00
4320 x1-35 needs:00
4321 n1@flag needs:00
4322 n1@flag needs:00
4323 n1@flag needs:00
4324 n6@day+n4@delivery needs:00
4325 n6@day+n4@delivery needs:00
4326 n6@date needs:00
4330 n6+x0-1@minus needs:00 not:4331
4331 n6+x0-1@minus needs:00 not:4330
4332 n6+x0-1@minus needs:00 not:4333
4333 n6+x0-1@minus needs:00 not:4332
7001 n13 needs:ITEM
7002 x1-30 needs:01,02
7003 n6@date+n4@time needs:01,02
7004 n1-4 needs:01 needs:10
7005 x1-12 needs:01,02
7006 n6@date needs:01,02
7007 n6-12@dates needs:01,02
7008 x1-3 needs:01,02
7009 x1-10 needs:01,02
7010 x1-2 needs:01,02
7011 n6@date+n0-4@time needs:01,02
7020 x1-20 needs:01,8006 needs:416
7021 x1-20 needs:01,8006
7022 x1-20 needs:7021
7023 x1-30
703/9 n3+x1-27 needs:01,02
7040 n1+x3
7041 x1-4
710 x1-20 needs:01
711 x1-20 needs:01
712 x1-20 needs:01
713 x1-20 needs:01
714 x1-20 needs:01
715 x1-20 needs:01
716 x1-20 needs:01
717 x1-20 needs:01
723/9 x3-30 needs:01,8004
7240 x1-20 needs:01,8006
7241 n2 needs:8017,8018
7242 x1-25 needs:8017,8018
7250 n8 needs:8018
7251 n12 needs:8018
7252 n1 needs:8018
7253 x1-40 needs:8017,8018
7254 x1-40 needs:7253
7255 x1-10 needs:8017,8018
7256 x1-90 needs:8017,8018
7257 x1-70 needs:8018
7258 n1+x1+n1 needs:8018
7259 x1-40 needs:8018
8001 n14 needs:01
8002 x1-20
8003 n1@zero+n13@sum+x0-16
8004 x1-30
8005 n6 needs:01,02
8006 n14@sum+n4@pieces not:01,37
8007 x1-34 needs:415
8008 n8-12 needs:01,02
8009 x1-50 needs:00,01
8010 y1-30
8011 n1-12 needs:8010
8012 x1-20 needs:01,8006
8013 x1-25
8014 x1-25
8017 n18@sum not:8018
8018 n18@sum not:8017
8019 n1-10 needs:8017,8018
8020 x1-25 needs:415
8026 n14@sum+n4@pieces needs:37 not:02,8006
8030 z1-90
8040 n15
8041 n15
8042 n32
8043 n18-20
8110 x1-70
8111 n4 needs:255
8112 x1-70
8200 x1-70 needs:01
90 x1-30
91 x1-90
92 x1-90
93 x1-90
94 x1-90
95 x1-90
96 x1-90
97 x1-90
98 x1-90
99 x1-90
"""
_GROUPS = {"ITEM": "01,02,03,8006,8026", "MEASURE": "30,31nn,32nn,35nn,36nn"}

# AIs that begin so have a length known beforehand: the next AI may follow without a separator.
_PREDEFINED = frozenset({"00", "01", "02", "03", "20", "41", *map(str, (*range(11, 20), *range(31, 37)))})


class Part(NamedTuple):
    start: int
    end: int
    charset: str
    check: str


class Spec(NamedTuple):
    """The rules of one AI. `names` are the ways other AIs may refer to it: 3103, 310n, 31nn."""

    least: int
    most: int
    parts: tuple[Part, ...]
    predefined: bool
    names: tuple[str, ...]
    needs: tuple[frozenset[str], ...]
    excludes: frozenset[str]


def _spec(ai: str, layout: str, rules: list[str], family: str) -> Spec:
    parts, least, most = [], 0, 0
    for text in layout.split("+"):
        shape, _, check = text.partition("@")
        shortest, _, longest = shape[1:].partition("-")
        start, least, most = most, least + int(shortest), most + int(longest or shortest)
        parts.append(Part(start, most, shape[0], check))
    needs, excludes = [], frozenset[str]()
    for rule in rules:
        word, _, listed = rule.partition(":")
        for group, members in _GROUPS.items():
            listed = listed.replace(group, members)
        named = frozenset(listed.replace("self", family).split(","))
        if word == "needs":
            needs.append(named)
        else:
            excludes = named
    names = (ai, family, ai[:2] + "nn") if family else (ai,)
    return Spec(least, most, tuple(parts), ai[:2] in _PREDEFINED, names, tuple(needs), excludes)


def _specs() -> dict[str, Spec]:
    specs: dict[str, Spec] = {}
    for line in _TABLE.strip().splitlines():
        key, layout, *rules = line.split()
        families, _, decimals = key.partition("/")
        if not decimals:
            specs[key] = _spec(key, layout, rules, "")
            continue
        first, _, last = families.partition("-")
        for number in range(int(first), int(last or first) + 1):
            spec = _spec(f"{number}0", layout, rules, f"{number}n")
            for digit in range(int(decimals) + 1):
                ai = f"{number}{digit}"
                specs[ai] = spec._replace(names=(ai, *spec.names[1:]))
    return specs


SPECS: dict[str, Spec] = _specs()
"""Every AI with its rules."""

AI_LENGTHS: dict[str, int] = {ai[:2]: len(ai) for ai in SPECS}
"""The first two digits of an AI say how long it is."""
