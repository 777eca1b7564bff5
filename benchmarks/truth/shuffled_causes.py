"""How often does the search for causes stay silent when outcomes are dealt out by chance?

    python benchmarks/truth/shuffled_causes.py [--profile sample] [--region CN-S] [--times 200]

The cells of each study of the region are kept; its cases are dealt out anew, once over all exposure
("anywhere"), once inside each product, age and month ("in strata"), so that seasons and levels
stay. The whole search of the notebook runs, conjunctions included. Any cause named is a false one.
The bar is silence in 95 % of the shuffles.
"""

from __future__ import annotations

import argparse
import dataclasses
import time

import numpy as np
import pandas as pd

from aftersales.display.project import load_project
from aftersales.studies.causes.searched import missing, search, studies
from aftersales.studies.scope import Scope, read_scope
from aftersales.studies.strata import Study

LEVELS = ("product", "age", "month")  # of which those count that every attribute holds equal


def dealt(rng: np.random.Generator, cells: pd.DataFrame, groups: np.ndarray) -> pd.DataFrame:
    """The cells with the cases of each group dealt out by exposure."""
    count, size = cells["count"].to_numpy(float), cells["exposure"].to_numpy(float)
    totals = np.bincount(groups, count)
    whole = np.bincount(groups, size)
    order = np.argsort(groups, kind="stable")
    running = np.cumsum(size[order])
    start = np.r_[0.0, np.cumsum(whole)[:-1]][groups[order]]  # exposure of all groups before
    share = (running - start) / np.maximum(whole[groups[order]], 1e-300)
    edges = np.clip(share, 0, 1) + groups[order]
    drawn = np.repeat(np.arange(totals.size), (totals * (whole > 0)).astype(int))
    places = np.searchsorted(edges, drawn + rng.random(drawn.size), side="right")
    new = np.bincount(order[np.minimum(places, order.size - 1)], minlength=len(cells))
    return cells.assign(count=new.astype(float))


def groups_of(study: Study, kind: str) -> np.ndarray:
    held = [set(strata) for strata in study.strata.values()]
    columns = [c for c in LEVELS if kind == "in strata" and all(c in strata for strata in held)]
    if not columns:
        return np.zeros(len(study.cells), dtype=np.int64)
    return study.cells.groupby(columns, dropna=False, observed=True).ngroup().to_numpy()


def judge(scope: Scope, study: Study, *, times: int, seed: int) -> None:
    name = f"{scope.region.id} {study.metric} by {', '.join(study.strata)[:60]}"
    for kind in ("anywhere", "in strata"):
        groups, silent, named = groups_of(study, kind), 0, []
        start = time.process_time()
        for i in range(times):
            rng = np.random.default_rng([seed, i])
            cells = dealt(rng, study.cells, groups)
            shuffled = dataclasses.replace(study, cells=cells)
            found = search(shuffled, scope=scope, lacks=missing(shuffled))
            silent += not found.order
            named += [(*key, found.parts.get(key, ())) for key in found.order]
        seconds = (time.process_time() - start) / times
        print(
            f"{name}, {kind}: silent in {silent / times:.3f} of {times} (bar .95), "
            f"{seconds:.2f} s each; named: {[n[:2] for n in named][:6]}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", default="sample")
    parser.add_argument("--processed", default="")
    parser.add_argument("--region", default="CN-S")
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    store = load_project(chosen.profile, processed=chosen.processed)
    scope = read_scope(store, region=chosen.region)
    for study in studies(scope, months=12):
        judge(scope, study, times=chosen.times, seed=chosen.seed)


if __name__ == "__main__":
    main()
