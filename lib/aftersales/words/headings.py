"""How readers call the columns of our tables, and what kind of value each holds."""

from __future__ import annotations

from typing import Literal

from aftersales.words import N_, capital, say
from aftersales.words.attributes import ATTRIBUTES, attribute

MARK = {"act": "▲", "watch": "◆", "ok": "●", "unknown": "○"}  # a shape, not only a colour
SEVERITY = {
    "act": N_("Act"),
    "watch": N_("Watch"),
    "ok": N_("OK"),
    "unknown": N_("Unknown"),
}
Kind = Literal["share", "p", "count", "cases", "number", "money"]

_WORDS = {
    # who and what
    # other attributes are in `words.attributes`; this severity is that of a finding
    "part": N_("Part"), "instrument": N_("Instrument"), "cohort": N_("Cohort"),
    "severity": N_("Severity"),
    "attribute": N_("Attribute"), "value": N_("Value"), "name": N_("Name"),
    "group": N_("Group"), "series": N_("Series"), "subject": N_("Subject"),
    "metric": N_("Metric"), "measure": N_("Measure"), "customer_id": N_("Customer"),
    "segment": N_("Segment"), "reason": N_("Reason"), "action": N_("Action"),
    "peers": N_("Peers"), "others": N_("Others"), "rung": N_("Past seen as"),
    "hotspot": N_("Hotspot"), "where": N_("Where"), "what": N_("What"),
    # when
    "month": N_("Month"), "period": N_("Period"), "week": N_("Week"), "start": N_("Start"),
    "end": N_("End"), "first": N_("First"), "last": N_("Last"), "age": N_("Age (months)"),
    "months_in_service": N_("Months in service"), "months": N_("Months"),
    "within_3": N_("Within 3 months"), "within_6": N_("Within 6 months"),
    "within_12": N_("Within 12 months"), "within_24": N_("Within 24 months"),
    "released_at": N_("Released"), "weeks": N_("Weeks"), "since": N_("Since"),
    "between": N_("Between"), "shape": N_("How it came"), "alarm": N_("Alarm"),
    # how many
    "n": N_("n"), "count": N_("Count"), "cases": N_("Cases"),
    "all_cases": N_("All cases"), "tickets": N_("Tickets"),
    "units": N_("Units"), "customers": N_("Customers"), "answers": N_("Answers"),
    "at_risk": N_("At risk"), "exposure": N_("At risk"), "expected": N_("Expected"),
    "excess": N_("Excess"), "n_faults": N_("Faults"), "n_complaints": N_("Complaints"),
    "n_claims": N_("Claims"), "n_tickets": N_("Tickets"), "n_returns": N_("Returns"),
    "n_repairs": N_("Repairs"), "n_held": N_("Held"), "n_repeat": N_("Repeat repairs"),
    "n_open": N_("Open"), "open": N_("Open"), "observed": N_("Observed"),
    "orders": N_("Orders per customer"),
    # how much
    "rate": N_("Rate"), "median": N_("Median"), "p90": N_("90th percentile"),
    "score": N_("Score"), "estimate": N_("Estimate"), "baseline": N_("Compared with"),
    "reference": N_("Compared with"), "target": N_("Target"), "difference": N_("Difference"),
    "change": N_("Change"), "ratio": N_("Ratio"), "crude": N_("Crude ratio"),
    "crude_ratio": N_("Crude ratio"), "adjusted": N_("Adjusted ratio"),
    "adjusted_ratio": N_("Adjusted ratio"), "shrunken": N_("Shrunken ratio"),
    "rate_effect": N_("Rate effect"), "mix_effect": N_("Mix effect"), "share": N_("Share"),
    "cumulative": N_("Share so far"), "mature": N_("Judged already"),
    "maturity": N_("Judged already"), "cost": N_("Cost"), "excess_cost": N_("Excess cost"),
    "explained": N_("Explained"), "coverage": N_("Coverage"), "missing": N_("Missing"),
    "amount": N_("Amount"), "past": N_("Period before"), "growth": N_("Growth"),
    "crude_expected": N_("Expected, crude"),
    # how sure
    "by_chance": N_("By chance"), "if_chance": N_("For this to be chance"),
    "p": N_("p"), "q": N_("q (FDR)"), "evidence": N_("Evidence"), "signal": N_("Signal"),
    "significant": N_("Significant"), "verdict": N_("Verdict"), "note": N_("Note"),
    "differs_p": N_("Differs (p)"), "withheld": N_("Withheld"), "cause": N_("Cause"),
    "lower": N_("Lower limit"), "centre": N_("Centre"), "upper": N_("Upper limit"),
    "low": N_("Low"), "high": N_("High"),
    "young": N_("Young"), "young_rest": N_("Young, others"),
    "missing_cases": N_("Missing, cases"), "missing_at_risk": N_("Missing, at risk"),
    "a_week": N_("Cases a week"), "dispersion": N_("Spread (1 = chance)"),
    "peak_to_trough": N_("Season, peak to trough"), "simulated": N_("Weeks simulated"),
    "spikes": N_("Called a spike"), "in_drift": N_("In a drift"),
    # where it comes from and what to do
    "of_start": N_("Share of the start"), "mixing": N_("Mixing"),
    "time_at_risk": N_("Time in service"), "recorded": N_("Filled in"), "mix": N_("Mix"),
    "multiplicity": N_("Many looks"), "same_everywhere": N_("Same everywhere"),
    "why": N_("Why not"), "of_value": N_("Of the value"),
    "to_do": N_("What to do"), "owner": N_("Who"), "within_days": N_("Within (days)"),
    "because": N_("Evidence for it"), "stage": N_("Step"), "data": N_("Data"),
    "check": N_("Check"), "result": N_("Result"),
    "tool": N_("Tool"), "decision": N_("Decision"),
    # what was cleaned
    "column": N_("Column"), "step": N_("Step"), "rows": N_("Rows"),
    "rows_in": N_("Rows in"), "rows_out": N_("Rows out"), "read": N_("Read"),
    "kept": N_("Kept"), "duplicates": N_("Duplicates"), "rejected": N_("Rejected"),
    "file": N_("File"), "line": N_("Line"), "key": N_("Key"), "joined": N_("Joined"),
    "late": N_("Late"), "complete": N_("Complete"), "completeness": N_("Completeness"),
    "known": N_("Known so far"),
    "to": N_("Refers to"), "filled": N_("Filled"),
}  # fmt: skip

_STEPS = {
    "read": N_("read"), "select": N_("select"), "incomplete": N_("incomplete"),
    "text": N_("text"), "missing markers": N_("missing markers"),
    "html entities": N_("HTML entities"), "reject rules": N_("reject rules"),
    "flags": N_("flags"), "gaps": N_("gaps"), "codes": N_("codes"), "dates": N_("dates"),
    "future dates": N_("future dates"), "impossible dates": N_("impossible dates"),
    "numbers": N_("numbers"), "time order": N_("time order"), "required": N_("required"),
    "exact duplicates": N_("exact duplicates"), "keep": N_("keep"),
    "duplicate ids": N_("duplicate ids"), "content key": N_("content key"),
    "regions": N_("regions"), "joins": N_("joins"), "ages": N_("ages"),
    "privacy": N_("privacy"), "kept": N_("kept"), "note": N_("note"),
}  # fmt: skip
_RUNGS = {
    "season": N_("level and season"), "level": N_("level"), "short": N_("short"),
    "C2": N_("seven weeks before"), "C1": N_("seven weeks before"), "none": N_("not judged"),
}  # fmt: skip
_SHAPES = {"jump": N_("at once"), "creep": N_("month by month"), "unclear": N_("not clear")}
_ALARMS = {"spike": N_("spike"), "drift": N_("drift"), "both": N_("jump that lasts")}
# Columns that hold words of ours -> those words.
VALUES = {"severity": SEVERITY, "step": _STEPS, "rung": _RUNGS, "shape": _SHAPES, "alarm": _ALARMS}

_KINDS: dict[str, Kind] = {
    **dict.fromkeys(
        ("share", "cumulative", "mature", "maturity", "explained", "coverage", "missing",
         "joined", "filled", "complete", "completeness", "late", "young", "young_rest",
         "missing_cases", "missing_at_risk", "spikes", "in_drift", "of_start",
         "of_value"), "share"),
    **dict.fromkeys(("p", "q", "differs_p"), "p"),
    **dict.fromkeys(
        ("n", "count", "cases", "all_cases", "tickets", "units", "customers", "answers", "at_risk",
         "exposure", "excess", "known", "read", "kept", "duplicates", "rejected", "rows", "rows_in",
         "rows_out"),
        "count"),
    **dict.fromkeys(("cost", "excess_cost"), "money"),
    **dict.fromkeys(("expected", "crude_expected"), "cases"),
}  # fmt: skip

# The measure a bare interval `low`, `high` belongs to: the first of these in the table.
ESTIMATES = (
    "adjusted", "adjusted_ratio", "ratio", "estimate", "rate", "score", "median", "difference",
    "value",
)  # fmt: skip
MEASURES = (
    "rate", "median", "p90", "score", "estimate", "baseline", "reference", "target", "difference",
    "change", "value", "past", "others",
)  # fmt: skip


def heading(column: str) -> str:
    """What readers call a column: its own word, or that of its attribute, or its name with spaces.

    >>> heading("mix_effect"), heading("fault_code"), heading("n_boxes_sent")
    ('Mix effect', 'Fault code', 'Boxes sent')
    """
    if column in _WORDS:
        return say(_WORDS[column])
    if column in ATTRIBUTES:
        return capital(attribute(column))
    return str(column).removeprefix("n_").replace("_", " ").capitalize()


def kind(column: str, *, unit: str = "") -> Kind:
    """What kind of number a column holds; `unit` is the unit of the table's main measure."""
    if column in _KINDS:
        return _KINDS[column]
    if column.startswith("n_"):
        return "count"
    return "share" if unit == "share" and column in MEASURES else "number"
