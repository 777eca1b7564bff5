"""Every metric once: what it is called, how it is defined, and what it is made of."""

from __future__ import annotations

from aftersales.errors import ConfigError, RequestError, nearest
from aftersales.metrics.entries import customer, product, service
from aftersales.metrics.metric import Metric
from aftersales.metrics.targets import fault_of
from aftersales.profile.config import Profile

METRICS: dict[str, Metric] = {
    metric.key: metric
    for entries in (product.ENTRIES, service.ENTRIES, customer.ENTRIES)
    for metric in entries
}

_INTRODUCTION = """\
# Metrics

Written by `tools/docs.py` from `lib/aftersales/metrics/entries/`; do not edit it here.

Every metric comes as a small table: the attributes it is grouped by, `n` (the denominator), its
count, the value, and the 95 % interval of the value (`_low`, `_high`). A windowed metric also has
`mature`: the share of cases old enough to judge; cases whose window is still open are left out,
never counted as good. Tickets opened after `as_of` are invisible, and what happened after `as_of`
has not happened yet. A missing value of an attribute is a group of its own, so the parts sum to
the whole.

**Unit-months.** A unit is taken to go into service in the middle of its first month: it counts one
half in that month and one in every later month; the month of `as_of` counts for the part that has
passed. Service starts at `in_service_at`, or at `shipped_at` where that is missing. Where the
profile has no units with the attributes asked for, `at_risk` of the table `exposure` is used.

**Durations** are counted on a grid: 5 minutes in the first 12 hours, 1 hour to 7 days, 6 hours to
60 days, whole days from there. Quantiles are exact to half a step, and the same on every engine.
"""


def metric(key: str) -> Metric:
    """The entry of a metric; an unknown key is an error that names the nearest."""
    if key not in METRICS:
        raise RequestError(f'There is no metric "{key}"; {nearest(key, METRICS)}')
    return METRICS[key]


def check_targets(profile: Profile) -> None:
    """Raise a ConfigError for the first target that names no metric or cannot be meant."""
    file = f"config/{profile.name}/targets.yaml"
    for key, target in profile.targets.items():
        if key not in METRICS:
            raise ConfigError(f'Unknown metric "{key}" in {file}; {nearest(key, METRICS)}')
        if fault := fault_of(METRICS[key], target):
            raise ConfigError(f"{file}, metric {key}: {fault}")


def docs() -> str:
    """The text of `docs/metrics.md`."""
    return "\n".join([_INTRODUCTION, *(_section(entry) for entry in METRICS.values())])


def _section(entry: Metric) -> str:
    needs = ", ".join(f"`{name}`".replace(" or ", "` or `") for name in entry.needs)
    facts = [
        ("key", f"`{entry.key}`"),
        ("formula", f"`{entry.formula}`"),
        ("unit", entry.unit),
        ("counted", f"{entry.numerator} (`{entry.count}`)"),
        ("out of", entry.denominator),
        ("good", entry.good),
        ("columns", needs + "".join(_either(entry))),
        ("source", entry.source),
    ]
    if entry.window_days:
        facts.insert(3, ("window", f"{entry.window_days} days (`window_days` in targets.yaml)"))
    rows = [f"| {name} | {text} |" for name, text in facts]
    head = [f"## {entry.title}", "", entry.definition, "", "| | |", "|---|---|"]
    return "\n".join([*head, *rows, ""])


def _either(entry: Metric) -> list[str]:
    """Columns of which the first that is there is taken."""
    found = []
    for columns in entry.options.values():
        names = [f"`{entry.main}.{column}`" for column in columns if column]
        if None in columns:
            found.append(f"; {names[0]} if there is one")
        else:
            found.append(f"; {' or '.join(names)}")
    return found
