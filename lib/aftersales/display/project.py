"""Where a notebook starts: one call that opens a profile's processed tables."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from aftersales import plot, words
from aftersales.data.store.store import Store, open_store
from aftersales.display import tables
from aftersales.metrics.registry import METRICS, check_targets
from aftersales.profile.config import find_root, read_profile


def load_project(
    profile: str = "sample",
    *,
    processed: str = "",
    language: str = "",
    root: Path | None = None,
) -> Store:
    """Open the processed tables of a profile and set the language and look of what follows.

    Parameters
    ----------
    profile : name of a folder in `config/`
    processed : folder of processed tables; "" is `data/processed/<profile>`
    language : "en" or "zh"; "" is the profile's own language
    root : project folder; None looks for it at and above the working folder

    The tables are read with DuckDB, or with what the variable AFTERSALES_ENGINE names: "spark" or
    "pandas". The numbers are the same.

    Returns
    -------
    Store : what questions and `measure` are asked of; ``store.scan("tickets")`` is a lazy table
    """
    root = root or find_root()
    settings = read_profile(profile, root=root)
    check_targets(settings)
    words.use_language(language or settings.language)
    plot.use_theme(words.language())
    tables.use_profile(settings)
    tables.use_names("metric", {key: metric.title for key, metric in METRICS.items()})
    folder = Path(processed) if processed else root / "data" / "processed" / profile
    engine = os.environ.get("AFTERSALES_ENGINE") or "duckdb"
    return open_store(settings, processed=folder, engine=engine)


def last_day(store: Store, as_of: str) -> pd.Timestamp:
    """The last complete day to report on; "" is the last one of the data."""
    return pd.Timestamp(as_of) if as_of else store.as_of
