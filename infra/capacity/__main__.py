"""`python -m infra.capacity`: write the generated tables of infra/README.md. `figures`: take in what bench/ printed.

python -m infra.capacity                  # after a change of a card, an assumption, a price or a figure
python -m infra.capacity --check          # fails when a table is out of date
python -m bench all --json | python -m infra.capacity --figures --measured 2026-11-21 --machine "2 vCPU, idle"
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from functions.common.cards import CardInvalid, load_cards
from infra.capacity import sources, tables
from infra.capacity.plan import Plan, plan
from infra.capacity.sources import SourceInvalid

README = Path(__file__).resolve().parents[1] / "README.md"


def generated() -> dict[str, str]:
    """Every table by its marker. Raises SourceInvalid, CardInvalid."""
    figures, workload, prices = sources.figures(), sources.workload(), sources.prices()
    cards = load_cards()
    plans = [plan(size, cards, figures, workload, prices) for size in workload.sizes]
    if too_small := [sentence for each in plans for sentence in over_the_card(each)]:
        raise SourceInvalid("\n".join(too_small))
    return {
        "assumptions": tables.assumptions(workload),
        "capacity": tables.capacity(plans, figures, workload, prices),
        "costs": tables.costs(plans, workload, prices),
        "prices": tables.price_list(prices),
    }


def over_the_card(found: Plan) -> list[str]:
    """A sentence for each door whose card does not allow the instances that are needed."""
    return [
        f"{s.door.service} needs {s.instances} instances for {found.size.name}; its card allows {s.door.max_instances}"
        for s in found.services
        if not s.fits
    ]


def filled(text: str, parts: Mapping[str, str]) -> str:
    """The document with what stands between the markers replaced. Raises SourceInvalid when a marker is lost."""
    for name, part in parts.items():
        begin, end = f"<!-- {name}: written by `python -m infra.capacity` -->", f"<!-- /{name} -->"
        pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        if not pattern.search(text):
            raise SourceInvalid(f"infra/README.md has lost the line {begin} or {end}")
        replacement = f"{begin}\n\n{part}\n\n{end}"
        text = pattern.sub(lambda _, replacement=replacement: replacement, text)  # type: ignore[misc]
    return text


def main(argv: Sequence[str] | None = None, lines: TextIO = sys.stdin, readme: Path = README) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m infra.capacity", description="The tables of infra/README.md.")
    parser.add_argument("--check", action="store_true", help="write nothing, fail when a table is out of date")
    parser.add_argument("--figures", action="store_true", help="first write figures.json from the standard input")
    parser.add_argument("--measured", help="with --figures: the day they were measured, like 2026-11-21")
    parser.add_argument("--machine", help="with --figures: the machine, and what else it did")
    parser.add_argument("--command", default="python -m bench all --json", help="with --figures: what printed them")
    asked = parser.parse_args(argv)
    try:
        if asked.figures:
            if not asked.measured or not asked.machine:
                raise SourceInvalid("figures without a day and a machine are none: --measured and --machine")
            document = sources.collected(lines, measured=asked.measured, machine=asked.machine, command=asked.command)
            (sources.HERE / "figures.json").write_text(json.dumps(document, indent=1) + "\n")
        now = readme.read_text()
        wanted = filled(now, generated())
    except (SourceInvalid, CardInvalid) as invalid:
        print(invalid, file=sys.stderr)
        return 1
    if now == wanted:
        return 0
    if asked.check:
        print("Out of date: infra/README.md. Run `make docs` and commit what it writes.", file=sys.stderr)
        return 1
    readme.write_text(wanted)
    print("wrote infra/README.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
