"""What to do about a cause: steps from the profile's playbook, each tied to its evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aftersales import words
from aftersales.profile.config import GRADES, Step
from aftersales.studies.scope import Scope
from aftersales.words import N_, say

KINDS = {
    "containment": N_("Containment"),
    "supplier_claim": N_("Supplier claim"),
    "recall": N_("Recall"),
    "audit": N_("Process audit"),
    "design": N_("Design review"),
    "rollout": N_("Roll-out"),
    "inspection": N_("Inspection"),
}
# Where a profile has no playbook: one first step for each attribute, and for the others.
_FIRST: dict[str, tuple[str, str]] = {
    "batch": ("containment", N_("Hold the remaining stock of the batch and trace its parts.")),
    "built_quarter": ("containment", N_("Find what changed in production in that quarter.")),
    "supplier": ("supplier_claim", N_("Check incoming goods and raise it with the supplier.")),
    "process": ("audit", N_("Audit the process.")),
    "plant": ("audit", N_("Audit the plant's final inspection.")),
    "warehouse": (
        "inspection",
        N_("Inspect storage, packing and handling at the warehouse."),
    ),
    "carrier": ("inspection", N_("Inspect the carrier's handling.")),
    "version": (
        "rollout",
        N_("Compare it with the other versions before it is rolled out further."),
    ),
    "model": ("design", N_("Compare the design with the other models of the product.")),
    "region": (
        "inspection",
        N_("Look at what differs there: climate, use, outlets, reporting."),
    ),
    "channel": (
        "inspection",
        N_("Compare what the channel promises and whom it sells to."),
    ),
    "category": ("inspection", N_("Look at how the category is described and packed.")),
}
_OTHER = ("inspection", N_("Look at it first."))
_LATER: dict[str, Sequence[tuple[str, str]]] = {
    "batch": [
        ("supplier_claim", "B"),
        ("recall", "A"),
    ],
    "supplier": [("containment", "B")],
    "process": [("containment", "A")],
    "version": [("containment", "B")],
}
_DO = {
    "containment": N_("Stop shipping what is concerned until the cause is confirmed on parts."),
    "supplier_claim": N_("Claim the excess from the supplier with the parts as proof."),
    "recall": N_("Decide on a recall or a field action: size and cost are beside it."),
    "audit": N_("Audit the process."),
    "design": N_("Compare the design with the other models of the product."),
    "rollout": N_("Compare it with the other versions before it is rolled out further."),
    "inspection": N_("Look at it first."),
}


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
    kind, do = _FIRST.get(attribute, _OTHER)
    first = Step(kind, do={words.language(): say(do)})
    return [first, *(Step(k, evidence=least) for k, least in _LATER.get(attribute, ()))]


def _advice(step: Step, evidence: str, units: float) -> Advice:
    cost = step.cost_per_unit * units if step.cost_per_unit is not None else None
    return Advice(
        kind=say(KINDS[step.kind]),
        do=_text(step.do) or say(_DO[step.kind]),
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
