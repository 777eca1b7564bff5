"""One conclusion of an analysis, as a sentence and as numbers."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["act", "watch", "ok", "unknown"]
Evidence = Literal["A", "B", "C"]

SEVERITIES: tuple[Severity, ...] = ("act", "watch", "ok", "unknown")  # most urgent first
FINDINGS_MIME = "application/vnd.aftersales.findings+json"


@dataclass(frozen=True)
class Finding:
    """One sentence that a reader can act on, with the numbers behind it.

    Attributes
    ----------
    severity : "act", "watch", "ok" or "unknown" (too few, too early or no data to judge)
    text : one sentence - measure, value with unit, compared with what, how sure, next step
    metric : key in `metrics.registry`
    subject : what the sentence is about, attribute -> value, e.g. ``{"batch": "B2407"}``
    estimate, low, high : the value and its 95 % interval, in `unit`
    baseline : the value it is compared with, in `unit`
    ratio : estimate over baseline, adjusted where the evidence is A or B
    p, q : p-value, and p after control for multiplicity
    n : denominator (units, tickets, answers), as the metric defines it
    excess : cases beyond the expected ones
    cost : excess times cost per case, in the profile's currency
    unit : unit of estimate, low, high and baseline
    evidence : A adjusted and stable, B adjusted but heterogeneous or short, C crude only
    judged : number of series (groups, charts) this sentence speaks for
    kind : what sort of statement it is ("rise", "hotspot", "cause" ...); part of the id
    """

    severity: Severity
    text: str
    metric: str = ""
    subject: Mapping[str, str] = field(default_factory=dict)
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    baseline: float | None = None
    ratio: float | None = None
    p: float | None = None
    q: float | None = None
    n: float | None = None
    excess: float | None = None
    cost: float | None = None
    unit: str = ""
    evidence: Evidence | None = None
    judged: int = 1
    kind: str = ""

    @property
    def id(self) -> str:
        """Stable name: the same statement about the same subject next month has the same id.

        >>> Finding("act", "...", metric="return_rate", subject={"batch": "B 1"}, kind="cause").id
        'cause.return_rate.batch=B-1'
        """
        subject = "+".join(f"{k}={_slug(v)}" for k, v in sorted(self.subject.items()))
        return ".".join(part for part in (self.kind, self.metric, subject or "all") if part)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types; NaN and infinity become null; unset fields are kept as null."""
        values = {"id": self.id} | {
            f.name: _plain(getattr(self, f.name)) for f in dataclasses.fields(self)
        }
        return values


def by_severity(findings: list[Finding]) -> list[Finding]:
    """Most urgent first; within a severity the larger excess first, then as given."""
    return sorted(findings, key=lambda f: (SEVERITIES.index(f.severity), -(f.excess or 0.0)))


def _slug(value: object) -> str:
    return re.sub(r"[^\w.\-]+", "-", str(value)).strip("-") or "none"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): str(v) for k, v in value.items()}
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    number = float(value)
    if not math.isfinite(number):
        return None
    return int(number) if number.is_integer() and abs(number) < 2**53 else number
