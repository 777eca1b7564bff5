"""The reader's words for attributes: in sentences as they stand, capital in headings."""

from __future__ import annotations

from aftersales.words.say import N_, say

ATTRIBUTES = {
    "region": N_("region"),
    "outlet": N_("outlet"),
    "product": N_("product"),
    "model": N_("model"),
    "version": N_("version"),
    "batch": N_("batch"),
    "supplier": N_("supplier"),
    "process": N_("process"),
    "plant": N_("plant"),
    "warehouse": N_("warehouse"),
    "channel": N_("channel"),
    "carrier": N_("carrier"),
    "category": N_("category"),
    "issue_type": N_("issue"),
    "ticket_type": N_("ticket type"),
    "priority": N_("priority"),
    "severity": N_("severity"),
    "tier": N_("tier"),
    "touchpoint": N_("touchpoint"),
    "fault_code": N_("fault code"),
    "age_band": N_("age"),
    "built_quarter": N_("production quarter"),
    "table": N_("table"),
}


def attribute(key: str) -> str:
    """The reader's word for an attribute; columns we have no word for keep their name."""
    return say(ATTRIBUTES[key]) if key in ATTRIBUTES else key.replace("_", " ")
