"""A profile: the folder `config/<profile>/` read into frozen dataclasses, strictly."""

from __future__ import annotations

import datetime
import re
import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from aftersales.errors import ConfigError, RequestError, nearest
from aftersales.profile.reading import build, check_keys, check_type, read_yaml, shown, texts
from aftersales.profile.regions import RegionTree, read_tree


@dataclass(frozen=True)
class Target:
    """What a company expects of one metric, from `targets.yaml`."""

    target: float | None = None  # in the metric's unit
    good: Literal["high", "low"] | None = None  # for readers of the file; as the registry says
    min_n: int = 30  # groups with a smaller denominator are "too few to judge"
    window_days: int | None = None  # for windowed metrics; None: the metric's default
    act_ratio: float = 1.5  # smallest ratio worth acting on
    watch_ratio: float = 1.2  # smallest ratio worth watching
    act_difference: float | None = None  # the same for scores and shares, in the metric's unit
    watch_difference: float | None = None


@dataclass(frozen=True)
class Step:
    """One step to take when a cause is found, from `playbook.yaml`.

    `kind` says what sort of step it is, `do` what to do (language -> text; {} is the text that we
    have for the kind), `evidence` the least grade from which it is recommended, `cost_per_unit`
    its price for each unit (or order) of the cause, in the profile's currency.
    """

    kind: str
    do: Mapping[str, str] = field(default_factory=dict)
    evidence: Literal["A", "B", "C"] = "C"
    owner: Mapping[str, str] = field(default_factory=dict)  # language -> who does it
    within_days: int | None = None
    cost_per_unit: float | None = None


@dataclass(frozen=True)
class Profile:
    """A company's mapping. `sources` is the parsed `sources.yaml`; `data.mapping` reads it."""

    name: str
    folder: Path
    regions: RegionTree
    targets: Mapping[str, Target]
    sources: Mapping[str, Any]
    title: Mapping[str, str] = field(default_factory=dict)  # language -> company name
    language: str = "en"
    timezone: str = "UTC"
    currency: str = "CNY"
    as_of: str | None = None  # last complete day; None: the last day of `tickets.opened_at`
    labels: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
    playbook: Mapping[str, Sequence[Step]] = field(default_factory=dict)  # attribute -> steps

    def target(self, metric: str) -> Target:
        """The target of a metric, or the defaults where the company set none."""
        return self.targets.get(metric, Target())

    def label(self, attribute: str, value: str, language: str) -> str:
        """How readers call a value, e.g. product `washer` -> 洗衣机; itself if unnamed."""
        if attribute == "region" and value in self.regions:
            return self.regions[value].name(language)
        return self.labels.get(attribute, {}).get(value, {}).get(language, value)


def find_root(start: Path | None = None) -> Path:
    """The project folder: the nearest folder at or above `start` that holds `config/`."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "config").is_dir() and (folder / "pyproject.toml").is_file():
            return folder
    raise RequestError(
        f"No project found at or above {here}: looked for a folder with config/ and "
        "pyproject.toml. Run the command inside the project folder."
    )


def list_profiles(root: Path) -> list[str]:
    """Names of the profiles that have a `sources.yaml`."""
    return sorted(p.parent.name for p in (root / "config").glob("*/sources.yaml"))


_PROFILE_KEYS = {"title", "language", "timezone", "currency", "as_of", "labels"}
_SOURCES_KEYS = {*_PROFILE_KEYS, "tables", "notes", "missing", "taxonomy"}
LANGUAGES = ("en", "zh")
_CURRENCY = re.compile(r"[A-Z]{3}\Z")


def read_profile(name: str, *, root: Path) -> Profile:
    """Read `config/<name>/`; every unknown or repeated key is an error that names the file."""
    folder = root / "config" / name
    if not (folder / "sources.yaml").is_file():
        raise RequestError(
            f'Profile "{name}" does not exist; {nearest(name, list_profiles(root))} '
            f"A profile is a folder config/<name>/ with sources.yaml."
        )
    sources = read_yaml(folder / "sources.yaml")
    file = f"config/{name}/sources.yaml"
    check_keys(sources, valid=_SOURCES_KEYS, where=file)
    face = {k: sources[k] for k in _PROFILE_KEYS if sources.get(k) is not None}
    _check_face(face, file)
    _check_papers(sources, file)
    if "as_of" in face:
        face["as_of"] = str(face["as_of"])
    return Profile(
        name=name,
        folder=folder,
        regions=_regions(folder, name),
        targets=_targets(folder, name),
        playbook=_playbook(folder, name),
        sources=sources,
        **face,
    )


def _check_face(face: Mapping[str, Any], file: str) -> None:
    """What readers see of a company, and the zone and last day of its data."""
    if (language := face.get("language", "en")) not in LANGUAGES:
        raise ConfigError(f'language "{language}" in {file}: {nearest(language, LANGUAGES)}')
    texts(face.get("title", {}), where=f"{file}: `title`")
    for key in ("timezone", "currency"):
        check_type(face.get(key, ""), str, where=f"{file}: `{key}`")
    _check_zone(face.get("timezone", "UTC"), file)
    if not _CURRENCY.match(face.get("currency", "CNY")):
        raise ConfigError(
            f"{file}: `currency` must be a code of three letters, found {shown(face['currency'])}."
        )
    labels = face.get("labels", {})
    if not isinstance(labels, Mapping):
        raise ConfigError(
            f"{file}: `labels` must hold `key: value` lines such as {{en: ...}}, "
            f"found {shown(labels)}."
        )
    for attribute, values in labels.items():
        where = f"{file}: labels: {attribute}"
        if not isinstance(values, Mapping):
            raise ConfigError(
                f"{where} must hold `value: {{en: ...}}` lines, found {shown(values)}."
            )
        for value, names in values.items():
            texts(names, where=f"{where}: {value}", languages=LANGUAGES)
    _check_day(face.get("as_of"), file)


def _check_zone(name: str, file: str) -> None:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError(
            f'Time zone "{name}" is not known on this machine; set `timezone` in {file} to a name '
            "like Asia/Shanghai (Debian: package tzdata)."
        ) from None


def _check_day(day: Any, file: str) -> None:
    """The last complete day is a day of our time; a text is read where it is used."""
    if day is None or isinstance(day, str):
        return
    if not isinstance(day, datetime.date) or not 1950 <= day.year <= 2100:
        raise ConfigError(f'as_of "{day}" in {file} is not a day; write it like 2025-12-31.')


def _check_papers(sources: Mapping[str, Any], file: str) -> None:
    """Notes and the list of issue types."""
    notes = sources.get("notes") or []
    if not isinstance(notes, list) or not all(isinstance(note, str) for note in notes):
        raise ConfigError(f"{file}: `notes` must be a list of texts, found {shown(notes)}.")
    check_type(sources.get("taxonomy") or "", str, where=f"{file}: `taxonomy`")


def _regions(folder: Path, name: str) -> RegionTree:
    if not (folder / "regions.yaml").is_file():
        return read_tree({"id": "all", "level": "company"}, file=f"config/{name}/regions.yaml")
    return read_tree(read_yaml(folder / "regions.yaml"), file=f"config/{name}/regions.yaml")


def _targets(folder: Path, name: str) -> dict[str, Target]:
    if not (folder / "targets.yaml").is_file():
        return {}
    raw, file = read_yaml(folder / "targets.yaml"), f"config/{name}/targets.yaml"
    return {str(k): build(Target, v or {}, where=f"{file}, metric {k}") for k, v in raw.items()}


STEPS = ("containment", "supplier_claim", "recall", "audit", "design", "rollout", "inspection")
GRADES = ("A", "B", "C")


def _playbook(folder: Path, name: str) -> dict[str, tuple[Step, ...]]:
    """Attribute -> steps; {} where the profile has no `playbook.yaml`."""
    if not (folder / "playbook.yaml").is_file():
        return {}
    raw, file = read_yaml(folder / "playbook.yaml"), f"config/{name}/playbook.yaml"
    found = {}
    for attribute, steps in raw.items():
        where = f"{file}, {attribute}"
        if not isinstance(steps, list) or not steps:
            raise ConfigError(f"{where}: expected a list of steps, found {shown(steps)}.")
        found[str(attribute)] = tuple(
            _step(step, where=f"{where}, step {n}") for n, step in enumerate(steps, start=1)
        )
    return found


def _step(raw: Any, *, where: str) -> Step:
    step = build(Step, raw, where=where)
    for value, valid, key in ((step.kind, STEPS, "kind"), (step.evidence, GRADES, "evidence")):
        if value not in valid:
            raise ConfigError(f'{where}: {key} "{value}"; {nearest(str(value), valid)}')
    for key in ("do", "owner"):
        texts(getattr(step, key), where=f"{where}, `{key}`", languages=LANGUAGES)
    for key in ("within_days", "cost_per_unit"):
        value = getattr(step, key)
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if value is not None and not (number and value >= 0):
            raise ConfigError(f"{where}: `{key}` must be a number from 0, found {value!r}.")
    return step
