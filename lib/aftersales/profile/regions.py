"""The tree of regions of a profile: names, aliases, levels and places on the tile map."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from aftersales.errors import ConfigError, RequestError, nearest
from aftersales.profile.reading import check_keys, shown, texts

UNKNOWN = "unknown"  # the region of a row whose region cannot be resolved
_LONGEST = 60  # characters of an id
_DEEPEST = 20  # levels of regions
_SAFE_ID = re.compile(r"[A-Za-z0-9][\w.\-]*\Z", re.ASCII)


@dataclass(frozen=True)
class Region:
    """A node of the tree. `id` names files and partitions, so it is plain ASCII."""

    id: str
    level: str
    names: Mapping[str, str] = field(default_factory=dict)  # language -> name
    aliases: tuple[str, ...] = ()
    parent: str | None = None
    tile: tuple[int, int] | None = None  # (column, row) on the tile-grid map

    def name(self, language: str) -> str:
        return self.names.get(language) or self.names.get("en") or self.id


@dataclass(frozen=True)
class RegionTree:
    """All regions, parents before children, as `regions.yaml` lists them."""

    regions: Mapping[str, Region]
    file: str = "regions.yaml"

    @property
    def root(self) -> Region:
        return next(iter(self.regions.values()))

    @property
    def levels(self) -> list[str]:
        """Level names from the root down."""
        return list(dict.fromkeys(region.level for region in self.regions.values()))

    def __getitem__(self, region_id: str) -> Region:
        if region_id not in self.regions:
            raise RequestError(
                f'Region "{region_id}" is not in the tree; '
                f"{nearest(region_id, self.regions)} The tree is in {self.file}."
            )
        return self.regions[region_id]

    def __contains__(self, region_id: object) -> bool:
        return region_id in self.regions

    def __iter__(self) -> Iterator[Region]:
        return iter(self.regions.values())

    def children(self, region_id: str) -> list[Region]:
        return [r for r in self if r.parent == self[region_id].id]

    def siblings(self, region_id: str) -> list[Region]:
        """Regions under the same parent, in tree order, without the region itself."""
        parent = self[region_id].parent
        return [r for r in self.children(parent) if r.id != region_id] if parent else []

    def ancestors(self, region_id: str) -> list[Region]:
        """From the root down to the parent."""
        chain: list[Region] = []
        parent = self[region_id].parent
        while parent is not None:
            chain.insert(0, self.regions[parent])
            parent = self.regions[parent].parent
        return chain

    def members(self, region_id: str) -> list[str]:
        """Ids of the region and all below it; the root also holds `unknown`."""
        ids = [self[region_id].id]
        for child in self.children(region_id):
            ids += self.members(child.id)
        return [*ids, UNKNOWN] if region_id == self.root.id else ids

    def at_level(self, level: str) -> list[Region]:
        if level not in self.levels:
            raise RequestError(
                f'Level "{level}" is not in {self.file}; {nearest(level, self.levels)}'
            )
        return [r for r in self if r.level == level]

    def aliases(self) -> dict[str, str]:
        """Folded spelling -> region id, for every id, name and alias."""
        return {
            fold(spelling): region.id
            for region in self
            for spelling in (region.id, *region.names.values(), *region.aliases)
        }


def fold(text: str) -> str:
    """The spelling that region names are compared by: NFKC, case-folded, single spaces.

    >>> fold(" New  YORK ")
    'new york'
    """
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def read_tree(raw: Mapping, *, file: str) -> RegionTree:
    """Build the tree from the parsed YAML of `regions.yaml` (one nested `region` block)."""
    regions: dict[str, Region] = {}
    _add(raw, parent=None, regions=regions, file=file)
    seen: dict[str, str] = {}
    for region in regions.values():
        for spelling in (region.id, *region.names.values(), *region.aliases):
            other = seen.setdefault(fold(spelling), region.id)
            if other != region.id:
                raise ConfigError(
                    f'The name "{spelling}" stands for both {other} and {region.id} in {file}; '
                    "remove it from one of them."
                )
    return RegionTree(regions, file)


_KEYS = {"id", "level", "name", "aliases", "tile", "children"}


def _add(
    raw: Any, *, parent: str | None, regions: dict[str, Region], file: str, level: int = 0
) -> None:
    if not isinstance(raw, Mapping) or "id" not in raw or "level" not in raw:
        raise ConfigError(f"Every region in {file} needs `id` and `level`; found {shown(raw)}.")
    where = f"region {shown(raw['id'])} of {file}"
    check_keys(raw, valid=_KEYS, where=where)
    if level > _DEEPEST:
        raise ConfigError(
            f"Regions in {file} lie more than {_DEEPEST} levels deep; write it flatter."
        )
    region_id = _id(raw["id"], file)
    if region_id in regions:
        raise ConfigError(f'Region id "{region_id}" appears twice in {file}; rename one.')
    named = raw.get("name", region_id)
    names = texts(named, where=f"{where}: `name`") if isinstance(named, Mapping) else {"en": named}
    for key, value in (("name", names.get("en", "")), ("level", raw["level"])):
        if not isinstance(value, str | int) or isinstance(value, bool):
            raise ConfigError(f"{where}: `{key}` must be text, found {shown(value)}.")
    aliases = _list(raw, "aliases", where)
    if any(isinstance(a, list | dict | bool) or a is None for a in aliases):
        raise ConfigError(
            f"{where}: `aliases` must be a list of texts; put quotes round yes and no."
        )
    regions[region_id] = Region(
        region_id,
        str(raw["level"]),
        {k: str(v) for k, v in names.items()},
        tuple(map(str, aliases)),
        parent,
        _tile(raw.get("tile"), where),
    )
    for child in _list(raw, "children", where):
        _add(child, parent=region_id, regions=regions, file=file, level=level + 1)


def _id(raw: Any, file: str) -> str:
    region_id = str(raw) if isinstance(raw, str | int) and not isinstance(raw, bool) else ""
    usable = _SAFE_ID.match(region_id) and region_id != UNKNOWN and len(region_id) <= _LONGEST
    if not usable or region_id.endswith((".html", ".json", ".css")):
        raise ConfigError(
            f'Region id "{str(raw)[:80]}" in {file} names files; use up to {_LONGEST} ASCII '
            f'letters, digits, "-", "_" or ".", no ending such as .html, and not "{UNKNOWN}".'
        )
    return region_id


def _list(raw: Mapping, key: str, where: str) -> list:
    found = raw.get(key)
    if found is not None and not isinstance(found, list):
        raise ConfigError(
            f"{where}: `{key}` must be a list, found {shown(found)}; write [ ] round it."
        )
    return found or []


def _tile(raw: Any, where: str) -> tuple[int, int] | None:
    if raw is None:
        return None
    whole = isinstance(raw, list) and all(
        isinstance(n, int) and not isinstance(n, bool) for n in raw
    )
    if not whole or len(raw) != 2:
        raise ConfigError(f"{where}: `tile` must be [column, row], found {shown(raw)}.")
    return raw[0], raw[1]
