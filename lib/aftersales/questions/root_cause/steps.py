"""The steps from complaints to the cause: what data, with which tool, and what was decided."""

from __future__ import annotations

import pandas as pd

from aftersales import words
from aftersales.questions import naming
from aftersales.questions.root_cause.facts import Facts
from aftersales.questions.root_cause.names import cause_name, pair_name
from aftersales.questions.root_cause.reported_words import NAMED
from aftersales.words import N_, say, sentences

LOST = 0.1  # share of cases that belong to nothing, from which the keys come first
COLUMNS = ["stage", "data", "tool", "decision"]
Step = tuple[str, str, str]  # data, tool, decision


def step_table(facts: Facts) -> pd.DataFrame:
    """One row per step: ``stage``, ``data``, ``tool`` and ``decision``, all words."""
    if facts.searched:
        steps = [_collected(facts), _trend(facts), _traced(facts)]
    else:
        steps = _of_reports(facts)
    stages = [say("Collect"), say("Trend analysis"), say("Trace")]
    rows = [(stage, *step) for stage, step in zip(stages, steps, strict=True)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _of_reports(facts: Facts) -> list[Step]:
    """The steps where nothing says what is at risk, or there is nothing to compare by."""
    data, trace = say("Nothing to compare."), say("No cause can be named from these data.")
    if facts.reported is not None:
        n = words.count(len(facts.reported.table))
        data = say("{n} pairs of a product and an issue, compared with all reports.", n=n)
        grown = facts.reported.grown.head(NAMED).itertuples()
        if names := [pair_name(facts, row) for row in grown]:
            trace = say("Watch {causes}.", causes=words.listing_wide(names))
    return [
        (
            say("No units, usage or order attributes that cases could be compared by."),
            say("Data quality"),
            say("Add sales, units or exposure to the sources."),
        ),
        (
            say("Counts of cases, now and in the {months} months before.", months=facts.months),
            say("Trend"),
            say("Counts can be followed, rates cannot."),
        ),
        (data, say("Root cause"), trace),
    ]


def _collected(facts: Facts) -> Step:
    """The first step: cases joined to what they belong to, each metric counted once."""
    cases = sum({one.metric: one.cases for one in facts.searched[::-1]}.values())
    unplaced = sum(one.unplaced for one in facts.searched)
    data = say(
        "{cases} faults and returns of {months} months joined to what they belong to; {unplaced} "
        "could not be.",
        cases=words.count(cases),
        months=facts.months,
        unplaced=words.count(unplaced),
    )
    if unplaced > LOST * max(cases, 1):
        decision = say("Mend the keys first: too many cases belong to nothing.")
    else:
        decision = say("Complete enough to go on.")
    return data, say("Data quality"), decision


def _trend(facts: Facts) -> Step:
    """The second step: what the search starts from."""
    data = say(
        "Rates of each product and region, now and in the {months} months before.",
        months=facts.months,
    )
    starts = [one.start.subject for one in facts.searched if one.start is not None]
    tool = words.listing_plain([say("Trend"), say("Hotspot")])
    if not starts:
        return data, tool, say("Nothing stands out; everything is searched.")
    named = words.listing_wide([naming.subject(facts.scope, subject) for subject in starts])
    return data, tool, say("Start from {subjects}.", subjects=named)


def _traced(facts: Facts) -> Step:
    """The third step: the causes to act on and those to watch, worst first."""
    n = sum(int((~one.rows["few"]).sum()) for one in facts.searched)
    data = say("{n} values of attributes, each compared with like ones.", n=words.count(n))
    told = []
    for severity, text in (("act", N_("Act on {causes}.")), ("watch", N_("Watch {causes}."))):
        named = [
            (-row.excess, cause_name(facts.scope, row.Index, one.parts))
            for one in facts.searched
            for row in one.causes[one.causes["severity"].eq(severity)].itertuples()
        ]
        if named:
            told.append(say(text, causes=words.listing_wide([name for _, name in sorted(named)])))
    decision = sentences(*told) or say("No cause among the attributes recorded; look for others.")
    return data, say("Root cause"), decision
