"""How many of the personal data in a table of texts are masked, and how many harmless ones.

    python benchmarks/truth/masks.py FILE.csv [--all]

The file has the columns ``kind``, ``label`` (``personal`` or ``harmless``), ``value`` and
``text``, which holds the value. A personal value counts as masked if it no longer stands in the
text and no five of its digits or letters do in a row; a harmless text counts as kept if nothing
in it is replaced. Prints the kinds that are not all right (with ``--all``: every kind) and totals.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pandas as pd

from aftersales.data.privacy.masks import mask_text

LEFT = 5  # characters of a value in a row that still tell it


def main(file: Path, *, every: bool = False) -> None:
    """Print recall by kind and the harmless texts in which something was masked."""
    rows = pd.read_csv(file, dtype=str, keep_default_na=False)
    rows = rows.assign(masked=mask_text(rows["text"])[0])
    personal = rows["label"].eq("personal")
    right = [
        is_gone(value, masked) if label == "personal" else text == masked
        for value, masked, label, text in zip(
            rows["value"], rows["masked"], rows["label"], rows["text"], strict=True
        )
    ]
    rows = rows.assign(right=right)
    for (label, kind), group in rows.groupby(["label", "kind"], sort=True):
        if every or not group["right"].all():
            example = group.sort_values("right").iloc[0]
            share = f"{group['right'].sum():4d} of {len(group):4d}"
            print(f"{label:9} {kind:40} {share}   {example['text']!r} -> {example['masked']!r}")
    for label, word, chosen in (
        ("personal", "masked", personal),
        ("harmless", "left as they were", ~personal),
    ):
        found = rows.loc[chosen, "right"]
        print(f"{label}: {found.sum()} of {len(found)} {word} ({found.mean():.2%})")


def is_gone(value: str, masked: str) -> bool:
    """Whether neither the value nor a telling part of it is left."""
    if value in masked:
        return False
    bare = re.sub(r"\[\w+\]", " ", masked)
    parts = (value[i : i + LEFT] for i in range(len(value) - LEFT + 1))
    return not any(re.fullmatch(r"\w*\d\w*\d\w*", part) and part in bare for part in parts)


if __name__ == "__main__":
    main(Path(sys.argv[1]), every="--all" in sys.argv)
