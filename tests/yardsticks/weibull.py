"""The likelihood of a Weibull distribution: failed units, working ones, and late entries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from yardsticks.survival import read_durations

from aftersales.errors import DataError
from aftersales.stats import inputs
from aftersales.stats.inputs import Numbers


@dataclass(frozen=True)
class Rows:
    """Distinct durations over the longest one, their logs, and weights."""

    log_time: np.ndarray
    log_entry: np.ndarray  # -inf from the beginning
    failed: np.ndarray  # weight of failures
    weight: np.ndarray
    unit: float
    n: float
    d: float


def read_rows(durations: Numbers, observed: Numbers, entry: Numbers, weights: Numbers) -> Rows:
    """Checked and gathered; see `life.fit_weibull` for what the arguments mean."""
    time, ended = read_durations(durations, observed)
    start = np.broadcast_to(inputs.counts(entry, name="entry"), time.shape)
    weight = np.broadcast_to(inputs.counts(weights, name="weights"), time.shape)
    if (time <= start).any():
        raise DataError(
            f"Every duration must be longer than its `entry`; {(time <= start).sum()} of "
            f"{time.size} are not. Leave out units that were never under observation."
        )
    table = pd.DataFrame({"t": time, "s": start, "d": weight * ended, "w": weight})
    table = table.groupby(["t", "s"], as_index=False).sum()
    unit = float(table["t"].max()) if len(table) else 1.0
    with np.errstate(divide="ignore"):
        logs = [np.log(table[c].to_numpy() / unit) for c in ("t", "s")]
    d, w = table["d"].to_numpy(), table["w"].to_numpy()
    return Rows(*logs, d, w, unit, float(w.sum()), float(d.sum()))


class Profile:
    """The log likelihood in log(eta), log(beta), with times in units of the longest one."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.log_failed = float(rows.failed @ rows.log_time)

    def moments(self, shape: float) -> tuple[float, float, float]:
        """Sums of t^b, t^b log t and t^b log^2 t over time in observation."""
        r, beta = self.rows, np.exp(shape)
        x, s = r.log_time, np.where(np.isfinite(r.log_entry), r.log_entry, 0.0)
        late, early = np.exp(beta * x), np.exp(beta * r.log_entry)
        return tuple(float(r.weight @ (late * x**k - early * s**k)) for k in range(3))

    def scale(self, shape: float) -> float:
        """The best log(eta) for a log(beta)."""
        return float(np.log(self.moments(shape)[0] / self.rows.d) / np.exp(shape))

    def score(self, shape: float) -> float:
        """Derivative of the profile likelihood in beta, over the number of failures."""
        sums = self.moments(shape)
        return np.exp(-shape) + self.log_failed / self.rows.d - sums[1] / sums[0]

    def loglik(self, scale: float, shape: float) -> float:
        """The log likelihood of the durations over the longest one."""
        beta, d = np.exp(shape), self.rows.d
        seen = np.exp(-beta * scale) * self.moments(shape)[0]
        return float(d * (shape - beta * scale) + (beta - 1) * self.log_failed - seen)

    def covariance(self, scale: float, shape: float) -> np.ndarray:
        """Inverse of the observed information in log(eta), log(beta)."""
        beta, d = np.exp(shape), self.rows.d
        s0, s1, s2 = (np.exp(-beta * scale) * m for m in self.moments(shape))
        first = s1 - scale * s0  # sum of (t/eta)^b log(t/eta)
        second = s2 - 2 * scale * s1 + scale**2 * s0
        both = beta * (d - s0) - beta**2 * first
        slope = beta * (self.log_failed - d * scale) - beta * first
        curve = slope - beta**2 * second
        information = -np.array([[-(beta**2) * s0, -both], [-both, curve]])
        return np.linalg.inv(information)
