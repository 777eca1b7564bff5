"""The tree of regions of a profile: names, aliases, levels and places on the tile map."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from aftersales.errors import ConfigError, RequestError, nearest

UNKNOWN = "unknown"  # the region of a row whose region cannot be resolved
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


def _add(raw: Mapping, *, parent: str | None, regions: dict[str, Region], file: str) -> None:
    if not isinstance(raw, Mapping) or "id" not in raw or "level" not in raw:
        raise ConfigError(f"Every region in {file} needs `id` and `level`; found {raw!r}.")
    for key in set(raw) - _KEYS:
        raise ConfigError(
            f'Unknown key "{key}" in region {raw["id"]} of {file}; {nearest(key, _KEYS)}'
        )
    region_id = str(raw["id"])
    if not _SAFE_ID.match(region_id) or region_id == UNKNOWN:
        raise ConfigError(
            f'Region id "{region_id}" in {file} names files; use ASCII letters, digits, "-", "_" '
            f'or ".", and not "{UNKNOWN}".'
        )
    if region_id in regions:
        raise ConfigError(f'Region id "{region_id}" appears twice in {file}; rename one.')
    name = raw.get("name", region_id)
    names = {k: str(v) for k, v in name.items()} if isinstance(name, Mapping) else {"en": str(name)}
    aliases = tuple(str(a) for a in raw.get("aliases") or ())
    tile = tuple(raw["tile"]) if raw.get("tile") else None
    regions[region_id] = Region(region_id, str(raw["level"]), names, aliases, parent, tile)
    for child in raw.get("children") or ():
        _add(child, parent=region_id, regions=regions, file=file)
