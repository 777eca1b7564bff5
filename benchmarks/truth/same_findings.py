"""Prints every difference between the findings of two report folders, and exits 1 if there is one.

python benchmarks/truth/same_findings.py BEFORE AFTER [--tolerance 1e-9] [--numbers]

BEFORE and AFTER are folders that `aftersales render` wrote; every findings.json below them is
compared with the one at the same place, notebook by notebook and finding by finding (by id; the
n-th of an id with the n-th). Times of a run are left aside. With `--numbers` sentences are too:
only severities and numbers are compared.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Findings = dict[tuple[str, str, int], dict[str, Any]]  # notebook, id, n-th -> finding


def read(file: Path) -> Findings:
    """The findings of one region, each by its notebook and id."""
    found: Findings = {}
    for notebook, run in json.loads(file.read_text(encoding="utf-8"))["notebooks"].items():
        seen: Counter[str] = Counter()
        for finding in run["findings"]:
            found[notebook, finding["id"], seen[finding["id"]]] = finding
            seen[finding["id"]] += 1
    return found


def same(one: Any, other: Any, *, tolerance: float) -> bool:
    """Whether two values of a field are the same; numbers up to a relative tolerance."""
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=tolerance, abs_tol=tolerance)
    return one == other


def differences(
    before: Findings, after: Findings, *, tolerance: float, ignore: set[str]
) -> Iterator[str]:
    """One line per finding that is missing, new, or has another value."""
    for key in before.keys() - after.keys():
        yield f"gone  {key[0]} {key[1]}: {before[key]['text']}"
    for key in after.keys() - before.keys():
        yield f"new   {key[0]} {key[1]}: {after[key]['text']}"
    for key in sorted(before.keys() & after.keys()):
        one, other = before[key], after[key]
        for field in sorted((one.keys() | other.keys()) - ignore):
            if not same(one.get(field), other.get(field), tolerance=tolerance):
                yield f"other {key[0]} {key[1]} {field}: {one.get(field)} -> {other.get(field)}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--tolerance", type=float, default=1e-9)
    parser.add_argument("--numbers", action="store_true")
    chosen = parser.parse_args()
    ignore = {"text"} if chosen.numbers else set()
    files = {p.relative_to(chosen.before) for p in chosen.before.rglob("findings.json")}
    others = {p.relative_to(chosen.after) for p in chosen.after.rglob("findings.json")}
    total = judged = 0
    for name in sorted(files | others):
        if name not in files or name not in others:
            print(f"{name}: only in {'BEFORE' if name in files else 'AFTER'}")
            total += 1
            continue
        before, after = read(chosen.before / name), read(chosen.after / name)
        judged += len(before)
        for line in differences(before, after, tolerance=chosen.tolerance, ignore=ignore):
            print(f"{name.parent}: {line}")
            total += 1
    print(f"{len(files)} regions, {judged} findings, {total} differences")
    return min(total, 1)


if __name__ == "__main__":
    raise SystemExit(main())
