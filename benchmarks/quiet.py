"""False alarms where nothing is planted: quiet samples, every notebook's analysis, every region.

    python benchmarks/quiet.py --seeds 10

Prints for each notebook how many series were judged, how many were called act or watch, and the
share of act among the judged ones. The bar is 1 in 100.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

import pandas as pd

from aftersales import words
from aftersales.data.clean.clean import clean_profile
from aftersales.data.store.store import open_store
from aftersales.profile.config import find_root, read_profile
from aftersales.questions.customers.result import customers
from aftersales.questions.hotspot.result import hotspot
from aftersales.questions.quality.result import quality
from aftersales.questions.root_cause.result import root_cause
from aftersales.questions.trend.result import trend
from aftersales.sample.generator import write_sample

ANALYSES = {
    "00_data_quality": quality,
    "10_trend": trend,
    "20_hotspot": hotspot,
    "30_root_cause": root_cause,
    "40_customer_segment": customers,
}


def findings_of(
    seed: int, *, tickets: int, quiet: bool = True, notebooks: tuple[str, ...] = tuple(ANALYSES)
) -> pd.DataFrame:
    """One row per finding of one company: seed, notebook, region, severity, judged, text."""
    profile = read_profile("sample", root=find_root())
    with tempfile.TemporaryDirectory() as folder:
        raw, processed = Path(folder) / "raw", Path(folder) / "processed"
        write_sample(raw, tickets=tickets, seed=seed, quiet=quiet)
        clean_profile(profile, raw=raw, processed=processed)
        store = open_store(profile, processed=processed)
        tree = profile.regions
        regions = [tree.root.id, *(r.id for r in tree.children(tree.root.id))]
        rows = [
            {"seed": seed, "notebook": name, "region": region, **finding.to_json()}
            for name, analysis in ANALYSES.items()
            if name in notebooks
            for region in regions
            for finding in analysis(store, region=region).findings()
        ]
    columns = ["seed", "notebook", "region", "severity", "judged", "id", "text"]
    return pd.DataFrame(rows)[columns]


def summary(findings: pd.DataFrame) -> pd.DataFrame:
    """Judged series, act and watch by notebook and in all, with the share called act."""
    judged = findings[findings["severity"] != "unknown"]
    counts = judged.assign(
        act=judged["severity"].eq("act") * 1, watch=judged["severity"].eq("watch") * 1
    )
    table = counts.groupby("notebook")[["judged", "act", "watch"]].sum()
    table["sentences"] = counts.groupby("notebook").size()
    table.loc["all"] = table.sum()
    table["act_per_series"] = table["act"] / table["judged"]
    table["act_per_sentence"] = table["act"] / table["sentences"]
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--tickets", type=int, default=60_000)
    parser.add_argument("--notebook", action="append", choices=list(ANALYSES), help="repeatable")
    arguments = parser.parse_args()
    os.environ.setdefault("AFTERSALES_KEY", "benchmark-key-not-secret")
    words.use_language("en")
    parts, chosen = [], tuple(arguments.notebook or ANALYSES)
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        parts.append(findings_of(seed, tickets=arguments.tickets, notebooks=chosen))
        urgent = parts[-1][parts[-1]["severity"].isin(["act", "watch"])]
        print(f"seed {seed}: {urgent['severity'].value_counts().to_dict()}", flush=True)
        for row in urgent[urgent["severity"] == "act"].itertuples():
            print(f"  {row.notebook} {row.region}: {row.text}", flush=True)
    print(summary(pd.concat(parts)).round(5).to_string())


if __name__ == "__main__":
    main()
