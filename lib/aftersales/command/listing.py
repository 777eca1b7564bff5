"""What `aftersales list` shows, as rows under headings."""

from __future__ import annotations

from enum import StrEnum

from aftersales.profile.config import find_root, list_profiles, read_profile

Table = tuple[list[str], list[list[str]]]  # headings and rows


class Listing(StrEnum):
    """The things that can be listed."""

    profiles = "profiles"
    regions = "regions"
    metrics = "metrics"
    notebooks = "notebooks"
    parameters = "parameters"


def listed(what: Listing, *, profile: str) -> Table:
    """Headings and rows of a list; `profile` matters for the regions only."""
    if what is Listing.profiles:
        return _profiles()
    if what is Listing.regions:
        return _regions(profile)
    if what is Listing.metrics:
        return _metrics()
    return _notebooks() if what is Listing.notebooks else _parameters()


def _profiles() -> Table:
    root = find_root()
    rows = [
        [name, read_profile(name, root=root).title.get("en", "")] for name in list_profiles(root)
    ]
    return ["profile", "title"], rows


def _regions(profile: str) -> Table:
    tree = read_profile(profile, root=find_root()).regions
    rows = [
        ["  " * len(tree.ancestors(r.id)) + r.id, r.level, r.name("en"), r.name("zh")] for r in tree
    ]
    return ["region", "level", "name", "名称"], rows


def _metrics() -> Table:
    from aftersales.metrics.registry import METRICS

    rows = [[m.key, m.title, m.unit, m.good] for m in METRICS.values()]
    return ["metric", "title", "unit", "better"], rows


def _notebooks() -> Table:
    from aftersales.report.pages.html import title_of
    from aftersales.report.plan.plan import list_notebooks, read_notebook

    found = list_notebooks(find_root())
    return ["notebook", "question"], [[n, title_of(read_notebook(p))] for n, p in found.items()]


def _parameters() -> Table:
    from aftersales.report.plan.plan import declared_parameters, list_notebooks

    declared = declared_parameters(list_notebooks(find_root()))
    rows = [
        [notebook, p.name, p.type, repr(p.default), p.meaning]
        for notebook, parameters in declared.items()
        for p in parameters.values()
    ]
    return ["notebook", "parameter", "type", "default", "meaning"], rows
