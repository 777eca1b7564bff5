"""What cells and clusters are called: the place and the product."""

from __future__ import annotations

from functools import partial
from typing import Any

from aftersales import words
from aftersales.questions import naming
from aftersales.questions.hotspot.clusters_here import held_places
from aftersales.questions.hotspot.facts import Facts
from aftersales.words import say, say_n

NAMED = 5  # regions of a cluster that are named one by one


def cell(facts: Facts, row: Any) -> str:
    """Place and product of a cell: ``Beijing · Television``."""
    place, item = (
        naming.label(facts.scope, a, getattr(row, a)) for a in (facts.grid.row, facts.grid.column)
    )
    return say("{place} · {item}", place=place, item=item)


def cluster(facts: Facts, row: Any) -> str:
    """Places and products of a cluster, and since when it lasts if it is alive."""
    place, item = where(facts, row.places), what(facts, row)
    if row.start is None:
        return say("{place} · {item}", place=place, item=item)
    since = words.month(row.start)
    return say("{place} · {item} · since {start}", place=place, item=item, start=since)


def region_of(facts: Facts, places: tuple[str, ...]) -> str:
    """The region that holds just these places; "" where it takes several."""
    if len(places) == 1:
        return places[0]
    regions = (r.id for r in facts.scope.profile.regions)
    return next((r for r in regions if held_places(facts, r) == set(places)), "")


def where(facts: Facts, places: tuple[str, ...]) -> str:
    """The places of a cluster in words."""
    if one := region_of(facts, places):
        return naming.region(facts.scope, one)
    names = [naming.region(facts.scope, p) for p in places]
    if len(names) <= NAMED:
        return words.listing(names)
    return say_n(
        "{names} and {n} more region",
        "{names} and {n} more regions",
        len(names) - NAMED + 1,
        names=words.listing_plain(names[: NAMED - 1]),
    )


def what(facts: Facts, row: Any) -> str:
    """The products of a cluster in words."""
    label = partial(naming.label, facts.scope)
    if not row.product:
        return say("all products together")
    product = label(facts.grid.column, row.product)
    if not row.model:
        return product
    return say("{product} {model}", product=product, model=label("model", row.model))
