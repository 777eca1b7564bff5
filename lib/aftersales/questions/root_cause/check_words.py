"""The five checks of a cause as plain words, why others are cleared, and the links of a chain."""

from __future__ import annotations

from typing import Any

import pandas as pd

from aftersales import words
from aftersales.questions import naming
from aftersales.studies.scope import Scope
from aftersales.words import N_, say

HARDLY = 0.0005  # share missing that is shown as 0.0 %
ENDLESS = 1000.0  # ratio from which a number says no more than "hardly any case elsewhere"
_DOUBTS = {
    "heterogeneity": N_("the ratio is not the same everywhere"),
    "alias": N_("another value cannot be told apart from it"),
    "young": N_("its units are young"),
    "few": N_("cases are few"),
    "reversal": N_("crude and adjusted ratio contradict each other"),
    "vanishing": N_("the ratio vanishes after adjustment"),
    "missing_not_at_random": N_("the attribute is not filled in alike for cases and for the rest"),
    "chance": N_("chance alone could give one such value"),
    "lonely": N_("most of its units have nothing to be compared with"),
}

_NOTES = {
    "cause": N_("The cause."),
    "alias": N_("Cannot be told apart in these data."),
    "shadow": N_("Shadow: not worse without it."),
    "alone": N_("All of it is here."),
    "worse": N_("Worse by itself too."),
}


def doubts(flags: tuple[str, ...]) -> str:
    """What is in doubt, in words; "" for nothing."""
    return words.listing([say(_DOUBTS[f]) for f in flags])


def check_words(scope: Scope, row: pd.Series) -> dict[str, str]:
    """The checks of one cause (a row of `Searched.causes`): name -> text."""
    return {
        "mixing": _mixing(row),
        "time_at_risk": _time(row),
        "recorded": _recorded(row),
        "mix": _mix(row),
        "multiplicity": _chance(row),
        "same_everywhere": _same(scope, row),
    }


def _mixing(row: pd.Series) -> str:
    crude, adjusted = (words.number(row[c], digits=2) for c in ("crude_ratio", "ratio"))
    if "reversal" in row["flags"] or "vanishing" in row["flags"]:
        return say("no: ratio {crude} crude, {adjusted} adjusted", crude=crude, adjusted=adjusted)
    if not row["ratio"] < ENDLESS:
        return say("holds: hardly any case elsewhere")
    return say("holds: ratio {crude} crude, {adjusted} adjusted", crude=crude, adjusted=adjusted)


def _time(row: pd.Series) -> str:
    if pd.isna(row["age_own"]):
        return say("holds: a rate, not a count")
    own, rest = (words.number(row[c], digits=2) for c in ("age_own", "age_rest"))
    if "young" in row["flags"]:
        return say("in doubt: {own} months old on average, others {rest}", own=own, rest=rest)
    return say("holds at equal age: {own} months on average, others {rest}", own=own, rest=rest)


def _recorded(row: pd.Series) -> str:
    cases, rest = (words.percent(row[f"missing_{c}"]) for c in ("cases", "at_risk"))
    if "missing_not_at_random" in row["flags"]:
        return say("in doubt: missing for {cases} of cases, {rest} of all", cases=cases, rest=rest)
    if max(row["missing_cases"], row["missing_at_risk"]) < HARDLY:
        return say("holds: filled in for all")
    return say("holds: missing for {cases} of cases, {rest} of all", cases=cases, rest=rest)


def _mix(row: pd.Series) -> str:
    if pd.isna(row["share_before"]):
        return say("holds at equal mix")
    before, now = (words.percent(row[f"share_{c}"]) for c in ("before", "now"))
    if row["mix_shift"]:
        text = N_("holds at equal mix: its share was {before}, is {now}; it is older now")
    else:
        text = N_("holds at equal mix: its share was {before}, is {now}")
    return say(text, before=before, now=now)


def _chance(row: pd.Series) -> str:
    judged, p = words.count(row["judged"]), words.p_value(row["p_any"])
    if "chance" in row["flags"]:
        text = N_("in doubt: {judged} values judged, by chance one is like this with p {p}")
    else:
        text = N_("holds: {judged} values judged, by chance one is like this with p {p}")
    return say(text, judged=judged, p=p)


def _same(scope: Scope, row: pd.Series) -> str:
    if pd.isna(row["differs_p"]):
        return say("too few cases to tell")
    if "heterogeneity" not in row["flags"]:
        return say("holds")
    low, high = (
        naming.label(scope, row["differs_by"], _plain(row[end])) for end in ("lowest", "highest")
    )
    return say(
        "no: {low_ratio} in {low}, {high_ratio} in {high}",
        low=low,
        high=high,
        low_ratio=words.number(row["lowest_ratio"], digits=2),
        high_ratio=words.number(row["highest_ratio"], digits=2),
    )


def _plain(value: object) -> str:
    return words.month(value) if isinstance(value, pd.Timestamp) else str(value)


def why_cleared(row: Any, cause: str) -> str:
    """Why a value that looked guilty at first sight is no cause."""
    if cause:
        return say("Shadow of {cause}.", cause=cause)
    if row.reason == "recorded":
        return say(
            "Known for {cases} of the cases, {rest} of all.",
            cases=words.percent(1 - row.missing_cases, decimals=0),
            rest=words.percent(1 - row.missing_at_risk, decimals=0),
        )
    if row.reason == "time":
        return say("More time in service; not worse per month.")
    if row.reason == "chance" and row.ratio < 1:
        return say("Not worse than comparable ones.")
    if row.reason == "chance":
        return say("Differs no more than by chance.")
    return say("Not so beside comparable ones.")


def chain_note(row: Any) -> str:
    """How a value of `studies.causes.chain.chain` stands to the cause."""
    if row.how == "one_of":
        return say("One of {n} in which it is found.", n=words.count(row.others + 1))
    if row.how == "not_worse":
        return say("Not worse without it ({ratio}).", ratio=words.number(row.ratio, digits=2))
    return say(_NOTES[row.how])
