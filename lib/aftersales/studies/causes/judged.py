"""The causes of a study, judged: how sure, how large, how many units, at what cost."""

from __future__ import annotations

import pandas as pd

from aftersales.stats.causes.causes import Causes
from aftersales.studies.causes.units import size_of
from aftersales.studies.cost import cost_of
from aftersales.studies.scope import Scope
from aftersales.studies.strata import Study
from aftersales.studies.verdict import judged, urgent


def judged_causes(
    scope: Scope,
    study: Study,
    causes: Causes,
    *,
    rows: pd.DataFrame,
    checks: pd.DataFrame,
    each: float | None,
) -> pd.DataFrame:
    """One row per cause, in the order found: comparison, checks and verdict.

    `rows` are those of `searched.rows_of`, `checks` those of `checks.check_table`, `each` is the
    cost of one case. Adds ``severity`` (see `verdict.judge`; evidence C urges nobody to act),
    ``cost`` and ``units``, which are counted for causes to act on or to watch only.
    """
    found = rows[rows["rank"].notna()].join(checks)
    found = judged(found, target=scope.profile.target(study.metric))
    capped = found["severity"].eq("act") & found["evidence"].eq("C")
    found["severity"] = found["severity"].mask(capped, "watch")
    found["cost"] = pd.Series([cost_of(x, each) for x in found["excess"]], found.index, float)
    sizes = {key: size_of(scope, study, causes, key) for key in urgent(found).index}
    return found.assign(units=pd.Series(sizes, dtype=float).reindex(found.index))
