"""Which group a component belongs to: `components:` of `config/<profile>/taxonomy.yaml`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from aftersales.errors import ConfigError
from aftersales.profile.config import Profile
from aftersales.profile.reading import build, check_keys, read_yaml

_KEYS = ("components",)


@dataclass(frozen=True)
class Components:
    """How cells that list components are read.

    Attributes
    ----------
    groups : group -> names of components, in any case; one name belongs to one group
    separator : between the components of a cell; one followed by a space is part of a name
    detail : marks after which a name becomes a detail of what stands before
    unplaced : names that do not say where something failed; they have no group
    """

    groups: Mapping[str, tuple[str, ...]]
    separator: str = ","
    detail: tuple[str, ...] = ()
    unplaced: tuple[str, ...] = field(default=())

    @cached_property
    def _group_of(self) -> dict[str, str | None]:
        named = {_key(name): group for group, names in self.groups.items() for name in names}
        return named | {_key(name): None for name in self.unplaced}

    def groups_of(self, cell: str | None) -> tuple[str, ...]:
        """Groups named in a cell, each once, in order; a name that is not listed is its own.

        A piece with separators inside that is not a listed name counts as several names only
        where each of them is listed.

        >>> fuel = Components(groups={"fuel": ("FUEL, GASOLINE",), "engine": ("ENGINE", "MOTOR")})
        >>> fuel.groups_of("FUEL, GASOLINE,MOTOR,ENGINE,HORN")
        ('fuel', 'engine', 'horn')
        >>> fuel.groups_of("MOTOR, FUEL, GASOLINE"), fuel.groups_of(None)
        (('engine', 'fuel'), ())
        """
        if not isinstance(cell, str) or not cell.strip():
            return ()
        pieces = re.split(re.escape(self.separator) + r"(?!\s)", cell)
        names = [name for piece in pieces for name in self._names(self._top(piece))]
        found = [self._group_of.get(name, name) for name in names if name]
        return tuple(dict.fromkeys(group for group in found if group is not None))

    def _top(self, piece: str) -> str:
        """What stands before the first mark of a detail."""
        ends = [piece.index(mark) for mark in self.detail if mark in piece]
        return _key(piece[: min(ends, default=len(piece))])

    def _names(self, name: str) -> list[str]:
        """The listed names that a piece is made of, or the piece itself."""
        if name in self._group_of or self.separator not in name:
            return [name]
        for listed in sorted(self._group_of, key=len, reverse=True):
            rest = name.removeprefix(listed)
            if rest != name and rest.startswith(self.separator):
                others = self._names(rest.removeprefix(self.separator).strip())
                if all(other in self._group_of for other in others):
                    return [listed, *others]
        return [name]


def read_components(profile: Profile) -> Components:
    """The components of a profile; unknown keys and names listed twice are errors.

    >>> from aftersales.profile.config import find_root, read_profile
    >>> components = read_components(read_profile("nhtsa", root=find_root()))
    >>> components.groups_of("FUEL SYSTEM, GASOLINE,ENGINE AND ENGINE COOLING")
    ('fuel', 'engine')
    """
    path = profile.folder / "taxonomy.yaml"
    where = f"config/{profile.name}/taxonomy.yaml"
    if not path.is_file():
        raise ConfigError(f"{where} does not exist; it must say which component is which group.")
    raw = _read(path, where)
    where = f"{where}, components"
    if "groups" in raw:
        if not isinstance(raw["groups"], Mapping):
            raise ConfigError(f"{where}: `groups` must hold `group: [names]` lines.")
        groups = {str(g): _texts(names, f"{where}, {g}") for g, names in raw["groups"].items()}
        raw = raw | {"groups": groups}
    for key in ("detail", "unplaced"):
        if key in raw:
            raw = raw | {key: _texts(raw[key], f"{where}, {key}")}
    if "separator" in raw and not (isinstance(raw["separator"], str) and raw["separator"]):
        raise ConfigError(f"{where}: `separator` must be a text; found {raw['separator']!r}.")
    components = build(Components, raw, where=where)
    _check_once(components, where)
    return components


def _read(path: Path, where: str) -> dict:
    raw = read_yaml(path)
    check_keys(raw, valid=_KEYS, where=where)
    if not isinstance(raw.get("components"), Mapping):
        raise ConfigError(f"{where}: `components` is missing or holds no keys; add `groups`.")
    return dict(raw["components"])


def _texts(values: object, where: str) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(v, str) and v.strip() for v in values):
        raise ConfigError(f"{where}: expected a list of texts, found {values!r}.")
    return tuple(values)


def _check_once(components: Components, where: str) -> None:
    seen: dict[str, str] = {}
    places = {**components.groups, "unplaced": components.unplaced}
    for place, names in places.items():
        for name in names:
            if (other := seen.setdefault(_key(name), place)) != place or names.count(name) > 1:
                raise ConfigError(f'{where}: "{name}" is in {other} and again in {place}.')


def _key(name: str) -> str:
    """How names are compared: without case and spaces around."""
    return " ".join(name.lower().split())
