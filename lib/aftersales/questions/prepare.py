"""What a run computes once for all regions before it starts their reports."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pandas as pd

from aftersales.data.store.store import Store
from aftersales.errors import AftersalesError
from aftersales.metrics.counting.company import filling, pack
from aftersales.questions.customers.result import customers
from aftersales.questions.hotspot.result import hotspot
from aftersales.questions.quality.result import quality
from aftersales.questions.root_cause.result import root_cause
from aftersales.questions.trend.result import trend

# notebook -> the analysis it calls
ANALYSES: Mapping[str, Callable[..., Any]] = {
    "00_data_quality": quality,
    "10_trend": trend,
    "20_hotspot": hotspot,
    "30_root_cause": root_cause,
    "40_customer_segment": customers,
}
WORTH = 4  # regions for which it pays to count the whole company
Run = tuple[str, Mapping[str, Any]]


def prepare(store: Store, *, runs: Iterable[Run]) -> bytes:
    """Compute what the reports of a run share, and pack it for the processes that make them.

    Of the runs that differ in nothing but the region, the analysis of one is run, for a region as
    deep in the tree as there is, and what it asks of the whole company is kept
    (`metrics.national`). Nothing depends on it but the time the reports take: what was not prepared
    is computed by whoever needs it. Notebooks that are not known here, or are run for a few regions
    only, and those that fail are passed over.

    Parameters
    ----------
    runs : (name of the notebook, its parameters) of every report, e.g.
        ``("10_trend", {"region": "CN-44", "as_of": "", "months": 36})``

    Returns
    -------
    bytes for `metrics.national.unpack`
    """
    with filling():
        for name, parameters in _examples(store, runs):
            analysis = ANALYSES[name]
            fitting = set(inspect.signature(analysis).parameters) & set(parameters)
            try:
                analysis(store, **{k: parameters[k] for k in fitting}).findings()
            except AftersalesError:
                continue
    return pack()


def _examples(store: Store, runs: Iterable[Run]) -> list[Run]:
    """One run of every notebook and choice of the other parameters, of enough regions to pay."""
    tree = store.profile.regions
    alike: dict[tuple, list[Run]] = {}
    for name, parameters in runs:
        if name in ANALYSES:
            region = parameters.get("region") or tree.root.id
            day = pd.Timestamp(parameters.get("as_of") or store.as_of)
            values = {**parameters, "region": region, "as_of": day}
            others = sorted((k, repr(v)) for k, v in values.items() if k != "region")
            alike.setdefault((name, *others), []).append((name, values))
    deepest = [
        max(g, key=lambda run: len(tree.ancestors(run[1]["region"]))) for g in alike.values()
    ]
    return [run for run, g in zip(deepest, alike.values(), strict=True) if len(g) >= WORTH]
