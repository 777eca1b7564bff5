"""Where a page stands: its breadcrumbs, neighbours and date line."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from aftersales import words
from aftersales.data.store.store import Store
from aftersales.questions.registry import short_title
from aftersales.report.plan import history
from aftersales.report.plan.plan import Job
from aftersales.words import say

Link = dict[str, str]


@dataclass(frozen=True)
class Frame:
    """What the page around a report says; made by the caller, who knows all regions."""

    language: str
    company: str
    dateline: str
    region_name: str
    crumbs: Sequence[Mapping[str, str]] = ()
    links: Sequence[Mapping[str, str]] = ()
    reports: Sequence[Mapping[str, str]] = ()
    since: Mapping[str, int] | None = None  # finding id -> periods open before this one

    @property
    def key(self) -> str:
        """A digest; when it changes, the page has to be made again."""
        text = json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def company(store: Store) -> str:
    """The company's name in the reader's language."""
    title = store.profile.title
    return title.get(words.language()) or title.get("en") or store.profile.name


def dateline(as_of: str) -> str:
    """The period and the last complete day, given as YYYY-MM-DD."""
    return say("{period} · data up to {day}", period=as_of[:7], day=as_of)


def crumbs(store: Store, region: str, *, rendered: Collection[str], leaf: str = "") -> list[Link]:
    """From the root to `region`, then `leaf` (a notebook's short title) if given.

    Only regions that have pages are links; the last one is the page itself.
    """
    tree = store.profile.regions
    path = [*tree.ancestors(region), tree[region]]
    links = [
        {
            "name": r.name(words.language()),
            "href": f"../{r.id}/index.html" if r.id in rendered else "",
        }
        for r in path
    ]
    if not leaf:
        links[-1]["href"] = ""
        return links
    return [*links, {"name": leaf, "href": ""}]


def neighbours(store: Store, region: str, *, rendered: Collection[str], page: str) -> list[Link]:
    """The previous and next sibling that have the same page, and the index."""
    tree = store.profile.regions
    parent = tree[region].parent
    row = [r.id for r in tree.children(parent) if r.id in rendered] if parent else [region]
    here = row.index(region) if region in row else 0
    links = []
    if here > 0:
        links.append(_link(store, row[here - 1], page, "‹ {name}"))
    if here + 1 < len(row):
        links.append(_link(store, row[here + 1], page, "{name} ›"))
    return [*links, {"name": say("Overview"), "href": "../index.html"}]


def reports(notebooks: Collection[str], *, here: str = "") -> list[Link]:
    """All reports of a region; the page itself, `here`, is not a link."""
    return [
        {"name": short_title(name), "href": "" if name == here else f"{name}.html"}
        for name in sorted(notebooks)
    ]


def _link(store: Store, region: str, page: str, form: str) -> Link:
    name = store.profile.regions[region].name(words.language())
    return {"name": form.format(name=name), "href": f"../{region}/{page}"}


def job_frame(
    job: Job,
    *,
    pages: Mapping[str, Collection[str]],
    before: Mapping[str, Any],
    store: Store,
    as_of: str,
) -> Frame:
    """The frame of one report.

    `pages` are the regions that have, or will have, pages -> the notebooks of each; `before` is
    what `history.previous_findings` gives for the job's region.
    """
    same = {region for region, notebooks in pages.items() if job.notebook in notebooks}
    return Frame(
        language=words.language(),
        company=company(store),
        dateline=dateline(as_of),
        region_name=store.profile.regions[job.region].name(words.language()),
        crumbs=crumbs(store, job.region, rendered=pages, leaf=short_title(job.notebook)),
        links=neighbours(store, job.region, rendered=same, page=f"{job.notebook}.html"),
        reports=reports(pages[job.region], here=job.notebook),
        since=history.open_periods(before, job.notebook),
    )
