"""Cluster scan: our numbers beside the packages', silence on uniform maps, time.

    python benchmarks/truth/scan.py [--maps 100] [--seed 1] [--reference ../shared/reference]

The comparison needs the folder of public reference tables and is left out without it.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd

from aftersales.stats.maps.scan import scan

# Log likelihood ratio of the first cluster and number of its places: smerc 1.8.4, which agrees
# with SaTScan on New York.
PACKAGES = {
    "Pennsylvania, crude": (36.53861581, 7),
    "Pennsylvania, adjusted": (17.66288317, 2),
    "Pennsylvania, binomial": (36.57051060, 7),
    "New York leukemia": (11.57725514, 26),
    "North Carolina SIDS": (15.75776538, 46),
}


def comparison(folder: Path, seed: int) -> pd.DataFrame:
    """One row per public map: ratio and places of the first cluster, ours and the package's."""
    lung = pd.read_csv(folder / "pennLC_county.csv")
    tracts, deaths = pd.read_csv(folder / "ny_nydf.csv"), pd.read_csv(folder / "nc_sids.csv")
    km, cases = {"centroids": lung[["x_km", "y_km"]]}, lung["cases"]
    calls = [
        (cases, lung["population"], km),
        (cases, lung["expected_16strata"], km),
        (cases, lung["population"], km | {"model": "binomial"}),
        (
            *(tracts["cases_floor"], tracts["population"]),
            {"centroids": tracts[["lon", "lat"]], "max_share": 0.1},
        ),
        (deaths["SID74"], deaths["BIR74"], {"centroids": deaths[["x", "y"]]}),
    ]
    rows = []
    for (name, (llr, places)), (y, expected, how) in zip(PACKAGES.items(), calls, strict=True):
        start = time.perf_counter()
        first = scan(y, expected, **how, seed=seed).clusters.iloc[0]
        seconds = time.perf_counter() - start
        ours = {"llr": first["llr"], "places": first["n_places"], "p": first["p"]}
        package = {"package_llr": llr, "package_places": places}
        rows.append({"map": name} | ours | package | {"seconds": seconds})
    return pd.DataFrame(rows)


def silence(maps: int, seed: int) -> pd.DataFrame:
    """One row per kind of quiet map: share of seeds without a cluster at p <= 0.05."""
    rng, rows = np.random.default_rng(seed), []
    points, size = rng.random((31, 2)), rng.lognormal(3, 0.8, 31)
    spread = 0.1  # squared coefficient of variation between places
    weekly = np.tile(size[:, None] / 5, (1, 26))
    kinds = {
        "uniform": (lambda: rng.poisson(size), size, 0.0),
        "uniform, 26 weeks, alive now": (lambda: rng.poisson(weekly), weekly, 0.0),
        "places differ, spread 0.1 known": (
            *(lambda: rng.poisson(size * rng.gamma(1 / spread, spread, 31)), size),
            spread,
        ),
    }
    for name, (draw, expected, known) in kinds.items():
        how = {"centroids": points, "simulations": 199, "spread": known}
        p = np.array([scan(draw(), expected, **how, seed=s).p for s in range(maps)])
        rows.append({"quiet map": name, "p > 0.05": (p > 0.05).mean(), "nominal": 0.95})
    return pd.DataFrame(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--maps", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--reference", type=Path, default=Path("../shared/reference"))
    wanted = parser.parse_args()
    folder = wanted.reference / "trend_hotspot"
    if folder.is_dir():
        print(comparison(folder, wanted.seed).round(6).to_string(index=False), "\n")
    else:
        print(f"no reference tables at {wanted.reference}; comparison left out\n")
    print(silence(wanted.maps, wanted.seed).to_string(index=False))


if __name__ == "__main__":
    main()
