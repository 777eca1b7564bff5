"""A profile: the folder `config/<profile>/` read into frozen dataclasses, strictly."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml

from aftersales.errors import ConfigError, RequestError, nearest
from aftersales.profile.regions import RegionTree, read_tree

T = TypeVar("T")


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
    if (language := sources.get("language", "en")) not in LANGUAGES:
        raise ConfigError(f'language "{language}" in {file}: {nearest(language, LANGUAGES)}')
    face = {k: sources[k] for k in _PROFILE_KEYS if sources.get(k) is not None}
    for key in ("title", "labels"):
        if not isinstance(face.get(key, {}), Mapping):
            raise ConfigError(
                f"{file}: `{key}` must hold `key: value` lines such as {{en: ...}}, "
                f"found {face[key]!r}."
            )
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
            raise ConfigError(f"{where}: expected a list of steps, found {steps!r}.")
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
        texts = getattr(step, key)
        if not isinstance(texts, Mapping):
            raise ConfigError(f"{where}: `{key}` must be {{en: ..., zh: ...}}, found {texts!r}.")
        check_keys(texts, valid=LANGUAGES, where=f"{where}, `{key}`")
    for key in ("within_days", "cost_per_unit"):
        value = getattr(step, key)
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if value is not None and not (number and value >= 0):
            raise ConfigError(f"{where}: `{key}` must be a number from 0, found {value!r}.")
    return step


def build(cls: type[T], raw: Mapping, *, where: str) -> T:
    """A dataclass from a mapping; unknown and missing keys are errors that name the place."""
    if not isinstance(raw, Mapping):
        raise ConfigError(f"{where}: expected `key: value` lines, found {raw!r}.")
    fields = {f.name: f for f in dataclasses.fields(cls)}
    check_keys(raw, valid=fields, where=where)
    required = [
        n
        for n, f in fields.items()
        if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
    ]
    if lacking := [n for n in required if n not in raw]:
        raise ConfigError(f"{where}: `{lacking[0]}` is missing; add it.")
    return cls(**raw)


def check_keys(raw: Mapping, *, valid: Iterable[str], where: str) -> None:
    """Raise for the first key of `raw` that is not valid, with the nearest valid one."""
    for key in raw:
        if key not in valid:
            raise ConfigError(f'Unknown key "{key}" in {where}; {nearest(key, valid)}')


class _StrictLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """SafeLoader that refuses repeated keys, which YAML parsers let pass silently."""


def _mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict:
    loader.flatten_mapping(node)
    pairs = [(loader.construct_object(k, deep=True), k.start_mark.line) for k, _ in node.value]
    seen: set = set()
    for key, line in pairs:
        if key in seen:
            raise ConfigError(f'"{key}" appears twice (line {line + 1}); rename or remove one.')
        seen.add(key)
    return {
        key: loader.construct_object(value, deep=True)
        for (key, _), (_, value) in zip(pairs, node.value, strict=True)
    }


_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file; syntax errors and repeated keys name the file and line."""
    where = f"config/{path.parent.name}/{path.name}"
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=_StrictLoader)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{where} is not UTF-8 text; save it in that encoding.") from None
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", -1) + 1
        reason = getattr(error, "problem", error)
        raise ConfigError(f"{where}, line {line}: not valid YAML ({reason}); mend it.") from None
    if not isinstance(raw, dict):
        raise ConfigError(f"{where} holds no `key: value` lines; see docs/profiles/.")
    return raw
