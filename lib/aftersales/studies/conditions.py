"""What units must fulfil to belong to a group, for the tables that are counted by it."""

from __future__ import annotations

from collections.abc import Sequence

from aftersales.metrics.families.service_life import Condition
from aftersales.studies.scope import Scope


def condition(
    scope: Scope, attribute: str, values: Sequence[str], *, meant: bool = True
) -> Condition:
    """One of the values, or none of them if not `meant`; a region stands for all below it."""
    if attribute == "region":
        tree = scope.profile.regions
        values = sorted({member for value in values for member in tree.members(value)})
    return attribute, values, meant
