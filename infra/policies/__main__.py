"""`python -m infra.policies plan.json ...`: what in these plans breaks a policy."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from infra.policies import plan, rules


def main(argv: Sequence[str] | None = None) -> int:
    """Prints a sentence for each breach; 1 when there is any."""
    parser = argparse.ArgumentParser(prog="python -m infra.policies", description=__doc__)
    parser.add_argument("plans", nargs="+", type=Path, metavar="plan.json", help="from `terraform show -json`")
    asked = parser.parse_args(argv)
    found = [f"{path.name}: {breach}" for path in asked.plans for breach in rules.breaches(plan.load(path))]
    for sentence in found:
        print(sentence)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
