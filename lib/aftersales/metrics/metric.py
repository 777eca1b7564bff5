"""What the registry knows about one metric."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

Kind = Literal["proportion", "rate", "duration", "score", "money", "count", "stock"]
_VALUES = {"duration": "median", "score": "score", "money": "score"}


@dataclass(frozen=True)
class Metric:
    """One metric, described once for tables, notebooks, reports and `docs/metrics.md`.

    Attributes
    ----------
    key : its name in code, in `targets.yaml` and in findings
    title, definition : for readers; English messages, translated by `words.say`
    formula : how it is computed from columns
    unit : of the value; "share" is 0 to 1, "currency" the profile's currency
    kind : proportion, rate (per 1,000 at risk), duration, score, money, count or stock
    numerator, denominator : what is counted, and out of what
    good : which direction is good
    function : computes it; its parameters that are tables are listed in `inputs`
    inputs : parameter of `function` -> table of the store; the first is the positional one
    main : the table whose columns `by` names and whose `time` makes the cohorts
    time : column of `main` (or option, see below) whose month is the cohort's month;
        "table.column" if it only limits the period; empty if it has no period
    needs : columns it needs, as "table.column"; "a.x or b.y" where one of them is enough
    options : parameter of `function` -> columns of `main` to take, best first; None: do without
    count : the count column of its frame
    window_days : default window of a windowed metric, else None
    source : where the definition or the interval comes from
    """

    key: str
    title: str
    definition: str
    formula: str
    unit: str
    kind: Kind
    numerator: str
    denominator: str
    good: Literal["low", "high"]
    function: Callable[..., pd.DataFrame]
    inputs: Mapping[str, str]
    main: str
    time: str
    needs: tuple[str, ...]
    count: str
    source: str
    options: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict)
    window_days: int | None = None

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables it reads."""
        return tuple(dict.fromkeys(self.inputs.values()))

    @property
    def value(self) -> str:
        """The column of its frame that holds the value: "rate", "median" or "score"."""
        return "median" if self.key == "backlog_age_days" else _VALUES.get(self.kind, "rate")

    @property
    def low(self) -> str:
        return f"{self.value}_low"

    @property
    def high(self) -> str:
        return f"{self.value}_high"
