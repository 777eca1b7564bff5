"""How large the pages of a rendered folder are.

    python benchmarks/speed/pages.py [FOLDER]

Prints the largest page of every notebook and of the index under FOLDER (`reports/sample` unless
given), and what it is made of. The aim is at most 400 kB a page. Exit status 1 above that.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

LARGEST = 400_000
PARTS = {
    "figures": re.compile(r"<svg.*?</svg>", re.S),
    "style": re.compile(r"<style.*?</style>", re.S),
    "tables": re.compile(r"<table.*?</table>", re.S),
    "data": re.compile(r"<details.*?</details>", re.S),
}


def largest(folder: Path) -> dict[str, Path]:
    """Name of the page -> the largest file of that name."""
    found: dict[str, Path] = {}
    for page in folder.rglob("*.html"):
        if page.stem not in found or page.stat().st_size > found[page.stem].stat().st_size:
            found[page.stem] = page
    return dict(sorted(found.items()))


def main() -> int:
    """Measure and print; 1 when a page is too large or there is none."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "reports/sample")
    pages = largest(folder)
    if not pages:
        print(f"There is no page in {folder}; render some first, e.g. with `make report`.")
        return 1
    print(f"{'kB':>7}  {'page':<24}" + "".join(f"{name:>9}" for name in PARTS))
    for name, page in pages.items():
        text = page.read_text(encoding="utf-8")
        sizes = [sum(len(m[0].encode()) for m in p.finditer(text)) for p in PARTS.values()]
        whole = page.stat().st_size
        print(f"{whole / 1000:7.1f}  {name:<24}" + "".join(f"{s / 1000:9.1f}" for s in sizes))
    return int(any(page.stat().st_size > LARGEST for page in pages.values()))


if __name__ == "__main__":
    sys.exit(main())
