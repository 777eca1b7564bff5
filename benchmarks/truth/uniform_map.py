"""Silence of the cluster scan on maps without a hotspot, with the exposure of a real company.

    python benchmarks/truth/uniform_map.py [--maps 100] [--profile sample] [--processed DIR]

Counts are drawn anew around what each product, model, age and month lets expect: by chance alone,
and with places that differ anyway, all their products together or each for itself. Then the scan of
`20_hotspot` is run as it is, spread between places and all. The bar: a cluster at p > 0.05 in at
least 93 of 100 maps.
"""

from __future__ import annotations

import argparse
import dataclasses
import time

import numpy as np
import pandas as pd

from aftersales import load_project
from aftersales.studies.places.clusters import Clusters, find_clusters
from aftersales.studies.places.grid import CompanyStudy, company_study
from aftersales.studies.scope import read_scope

BAR = 0.93
# Name -> standard deviation of the rates of places, and of the products of a place for themselves.
KINDS = {
    "chance alone": (0.0, 0.0),
    "places differ by 10 %": (0.1, 0.0),
    "places differ by 20 %": (0.2, 0.0),
    "products of a place differ by 15 %": (0.0, 0.15),
    "both, by 10 % and 15 %": (0.1, 0.15),
}


def drawn(
    study: CompanyStudy, rng: np.random.Generator, *, places: float, cells: float
) -> CompanyStudy:
    """The study with counts as chance gives them where no place and product is a hotspot."""
    table = study.cells.copy()
    strata = table.groupby([study.column, *study.held], observed=True, dropna=False)
    sums = strata[["cases", "at_risk"]].transform("sum")
    mean = table["at_risk"] * (sums["cases"] / sums["at_risk"].where(sums["at_risk"] > 0))
    place = table.groupby("region").ngroup().to_numpy()
    cell = table.groupby(["region", study.column], observed=True).ngroup().to_numpy()
    factor = _factors(rng, place, places) * _factors(rng, cell, cells)
    table["cases"] = rng.poisson(mean.fillna(0.0).to_numpy() * factor).astype(float)
    return dataclasses.replace(study, cells=table)


def _factors(rng: np.random.Generator, group: np.ndarray, sd: float) -> np.ndarray:
    if sd == 0:
        return np.ones(len(group))
    return rng.gamma(1 / sd**2, sd**2, group.max() + 1)[group]


def smallest_p(found: Clusters | None) -> tuple[float, float]:
    """p of the first cluster of the whole window, and of the first one still going on."""
    tables = (found.window, found.now) if found else ()
    return tuple(float(t["p"].iloc[0]) if len(t) else 1.0 for t in tables) or (1.0, 1.0)


def silence(study: CompanyStudy, tree, *, maps: int, seed: int) -> pd.DataFrame:
    """One row per kind of quiet map: share of maps without a cluster at p <= 0.05."""
    rows = []
    for name, (places, cells) in KINDS.items():
        start, p = time.process_time(), []
        for one in range(seed, seed + maps):
            quiet = drawn(study, np.random.default_rng(one), places=places, cells=cells)
            p.append(smallest_p(find_clusters(quiet, tree, seed=one)))
        window, now = np.array(p).T
        row = {"quiet map": name, "window p > 0.05": (window > 0.05).mean()}
        row |= {"now p > 0.05": (now > 0.05).mean(), "p > 0.005": (window > 0.005).mean()}
        rows.append(row | {"bar": BAR, "s per map": (time.process_time() - start) / maps})
        print(pd.DataFrame(rows[-1:]).round(3).to_string(index=False), flush=True)
    return pd.DataFrame(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--maps", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--profile", default="sample")
    parser.add_argument("--processed", default="")
    wanted = parser.parse_args()
    store = load_project(wanted.profile, processed=wanted.processed, language="en")
    study = company_study(read_scope(store), months=12)
    table = silence(study, store.profile.regions, maps=wanted.maps, seed=wanted.seed)
    print()
    print(table.round(3).to_string(index=False))


if __name__ == "__main__":
    main()
