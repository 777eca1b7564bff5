"""What to do about a cause: steps from the profile's playbook, each tied to its evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aftersales import words
from aftersales.profile.config import GRADES, Step
from aftersales.studies.scope import Scope
from aftersales.words import N_, say

KINDS = {  # kind of step -> its name, and what is done where the playbook gives no text
    "containment": (
        N_("Containment"),
        N_("Stop shipping what is concerned until the cause is confirmed on parts."),
    ),
    "supplier_claim": (
        N_("Supplier claim"),
        N_("Claim the excess from the supplier with the parts as proof."),
    ),
    "recall": (
        N_("Recall"),
        N_("Decide on a recall or a field action: size and cost are beside it."),
    ),
    "audit": (N_("Process audit"), N_("Audit the process.")),
    "design": (N_("Design review"), N_("Compare the design with the other models of the product.")),
    "rollout": (
        N_("Roll-out"),
        N_("Compare it with the other versions before it is rolled out further."),
    ),
    "inspection": (N_("Inspection"), N_("Look at it first.")),
}
# Without a playbook: (kind, what to do, "" for that of the kind, least grade) for each attribute.
_DEFAULTS: dict[str, Sequence[tuple[str, str, str]]] = {
    "batch": [
        ("containment", N_("Hold the remaining stock of the batch and trace its parts."), "C"),
        ("supplier_claim", "", "B"),
        ("recall", "", "A"),
    ],
    "built_quarter": [
        ("containment", N_("Find what changed in production in that quarter."), "C"),
    ],
    "supplier": [
        ("supplier_claim", N_("Check incoming goods and raise it with the supplier."), "C"),
        ("containment", "", "B"),
    ],
    "process": [("audit", "", "C"), ("containment", "", "A")],
    "plant": [("audit", N_("Audit the plant's final inspection."), "C")],
    "warehouse": [
        ("inspection", N_("Inspect storage, packing and handling at the warehouse."), "C"),
    ],
    "carrier": [("inspection", N_("Inspect the carrier's handling."), "C")],
    "version": [("rollout", "", "C"), ("containment", "", "B")],
    "model": [("design", "", "C")],
    "region": [
        ("inspection", N_("Look at what differs there: climate, use, outlets, reporting."), "C"),
    ],
    "channel": [
        ("inspection", N_("Compare what the channel promises and whom it sells to."), "C"),
    ],
    "category": [("inspection", N_("Look at how the category is described and packed."), "C")],
}
_OTHER = [("inspection", "", "C")]


@dataclass(frozen=True)
class Advice:
    """One step for one cause: what, who, until when, how much; `now` if the evidence is enough."""

    kind: str
    do: str
    owner: str
    within_days: int | None
    cost: float | None
    least: str  # grade from which the step is recommended
    now: bool


def advice(scope: Scope, *, attribute: str, evidence: str, units: float) -> list[Advice]:
    """Steps for a cause found in `attribute`, with grade `evidence`, that concerns `units`.

    The profile's playbook counts; its key "default" is for attributes it does not name. Without
    one there is a first step for every attribute, and for lots a claim and a recall.
    """
    book = scope.profile.playbook
    steps = book.get(attribute) or book.get("default") or _defaults(attribute)
    return [_advice(step, evidence, units) for step in steps]


def _defaults(attribute: str) -> list[Step]:
    return [
        Step(kind, do={words.language(): say(do)} if do else {}, evidence=least)
        for kind, do, least in _DEFAULTS.get(attribute, _OTHER)
    ]


def _advice(step: Step, evidence: str, units: float) -> Advice:
    name, do = KINDS[step.kind]
    cost = step.cost_per_unit * units if step.cost_per_unit is not None else None
    return Advice(
        kind=say(name),
        do=_text(step.do) or say(do),
        owner=_text(step.owner),
        within_days=step.within_days,
        cost=cost,
        least=step.evidence,
        now=GRADES.index(evidence) <= GRADES.index(step.evidence),
    )


def _text(texts: Mapping[str, str]) -> str:
    """The text in the reader's language, else in English, else any; "" without one."""
    found = texts.get(words.language()) or texts.get("en") or next(iter(texts.values()), "")
    return str(found)
