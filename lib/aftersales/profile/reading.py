"""YAML and dataclasses read strictly: what does not fit is one sentence with file and line."""

from __future__ import annotations

import dataclasses
import datetime
import functools
import math
import types
from collections.abc import Hashable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import yaml

from aftersales.errors import ConfigError, nearest

T = TypeVar("T")
_LARGEST = 4 << 20  # bytes of a file
_DEEPEST = 60  # levels of brackets and indents
_MOST = 500_000  # values of a file, those that an alias repeats counted each time
_WORDS = {  # type -> how readers call it
    str: "text (put quotes round it)",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    Mapping: "`key: value` lines",
    list: "a list",
}


def build(cls: type[T], raw: Any, *, where: str) -> T:
    """A dataclass from a mapping; keys unknown or missing and wrong types name the place."""
    if not isinstance(raw, Mapping):
        raise ConfigError(f"{where}: expected `key: value` lines, found {shown(raw)}.")
    fields = {f.name: f for f in dataclasses.fields(cls)}
    check_keys(raw, valid=fields, where=where)
    required = [
        n
        for n, f in fields.items()
        if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
    ]
    if lacking := [n for n in required if n not in raw]:
        raise ConfigError(f"{where}: `{lacking[0]}` is missing; add it.")
    hints = _hints(cls)
    for key, value in raw.items():
        check_type(value, hints[key], where=f"{where}: `{key}`")
    return cls(**raw)


@functools.cache
def _hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)


def check_type(value: Any, hint: Any, *, where: str) -> None:
    """Raise for a value that is not of a type, given as a type hint."""
    if hint is Any or _fits(value, hint):
        return
    choices = [c for part in _parts(hint) for c in get_args(part) if get_origin(part) is Literal]
    if choices:
        raise ConfigError(f"{where} {shown(value)}: {nearest(value, choices)}")
    wanted = [_WORDS.get(get_origin(part) or part, "") for part in _parts(hint)]
    named = " or ".join(word for word in wanted if word) or "something else"
    raise ConfigError(f"{where} must be {named}, found {shown(value)}.")


def _parts(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


def _fits(value: Any, hint: Any) -> bool:
    for part in _parts(hint):
        origin = get_origin(part) or part
        if part is type(None):
            fits = value is None
        elif origin is Literal:
            fits = isinstance(value, str) and value in get_args(part)
        elif origin is float:
            fits = isinstance(value, int | float) and not isinstance(value, bool)
            fits = fits and math.isfinite(value)
        elif origin is int:
            fits = isinstance(value, int) and not isinstance(value, bool)
        elif origin in (str, bool):
            fits = isinstance(value, origin)
        elif isinstance(origin, type) and issubclass(origin, Mapping):
            fits = isinstance(value, Mapping)
        else:
            fits = True
        if fits:
            return True
    return False


def shown(value: Any) -> str:
    """A value as a message shows it, short."""
    if isinstance(value, str | int | float | bool) or value is None:
        text = repr(value)
    elif isinstance(value, datetime.date):
        text = str(value)
    else:
        text = "`key: value` lines" if isinstance(value, Mapping) else "a list"
    return text if len(text) <= 60 else f"{text[:57]}..."


def check_keys(raw: Mapping, *, valid: Iterable[str], where: str) -> None:
    """Raise for the first key of `raw` that is not valid, with the nearest valid one."""
    for key in raw:
        if key not in valid:
            raise ConfigError(f'Unknown key "{key}" in {where}; {nearest(key, valid)}')


def texts(raw: Any, *, where: str, languages: Iterable[str] | None = None) -> dict[str, str]:
    """Lines `language: text`, or `key: text`, each checked."""
    if not isinstance(raw, Mapping):
        raise ConfigError(
            f"{where} must hold `key: value` lines such as {{en: ...}}, found {shown(raw)}."
        )
    for key, text in raw.items():
        if languages is not None and key not in languages:
            raise ConfigError(f'Unknown key "{key}" in {where}; {nearest(key, languages)}')
        if not isinstance(text, str):
            raise ConfigError(
                f"{where}, {key}: must be text, found {shown(text)}; put quotes round it."
            )
    return dict(raw)


class _StrictLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """SafeLoader that refuses repeated keys, which YAML parsers let pass silently."""


def _mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict:
    loader.flatten_mapping(node)
    pairs = [(loader.construct_object(k, deep=True), k.start_mark.line + 1) for k, _ in node.value]
    seen: set = set()
    for key, line in pairs:
        if not isinstance(key, Hashable):
            raise ConfigError(f"line {line}: {shown(key)} cannot be a key; write text there.")
        if key in seen:
            raise ConfigError(f'"{key}" appears twice (line {line}); rename or remove one.')
        seen.add(key)
    return {
        key: loader.construct_object(value, deep=True)
        for (key, _), (_, value) in zip(pairs, node.value, strict=True)
    }


def _scalar(loader: _StrictLoader, node: yaml.ScalarNode) -> Any:
    """A day, time or number as YAML reads it; one that does not exist is an error with its line."""
    line, kind = node.start_mark.line + 1, node.tag.rpartition(":")[2]
    try:
        if kind == "timestamp":
            return loader.construct_yaml_timestamp(node)
        value = loader.construct_yaml_float(node)
    except (ValueError, OverflowError) as error:
        raise ConfigError(
            f"line {line}: {node.value!r} is no {'day' if kind == 'timestamp' else 'number'} "
            f"({error}); correct it."
        ) from None
    if not math.isfinite(value):
        raise ConfigError(f"line {line}: {node.value} is no number to reckon with; correct it.")
    return value


_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
for _tag in ("timestamp", "float"):
    _StrictLoader.add_constructor(f"tag:yaml.org,2002:{_tag}", _scalar)


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file; what cannot be used names the file and the line."""
    where = f"config/{path.parent.name}/{path.name}"
    try:
        if path.stat().st_size > _LARGEST:
            raise ConfigError(f"larger than {_LARGEST >> 20} MB; it is not meant for data.")
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=_StrictLoader)
        _count(raw, {}, 0)
    except ConfigError as error:
        joined = ", " if str(error).startswith("line ") else ": "
        raise ConfigError(f"{where}{joined}{error}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{where} is not UTF-8 text; save it in that encoding.") from None
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", -1) + 1
        reason = getattr(error, "problem", error)
        raise ConfigError(f"{where}, line {line}: not valid YAML ({reason}); mend it.") from None
    except RecursionError:
        raise ConfigError(f"{where}: {_TOO_DEEP}") from None
    except (ValueError, TypeError, OverflowError, AttributeError) as error:
        raise ConfigError(f"{where}: not valid YAML ({error}); mend it.") from None
    if not isinstance(raw, dict):
        raise ConfigError(f"{where} holds no `key: value` lines; see docs/profiles/.")
    return raw


_TOO_DEEP = f"brackets or indents lie more than {_DEEPEST} levels deep; write it flatter."


def _count(value: Any, known: dict[int, int], level: int) -> int:
    """How many values there are, repeated ones each time; too many or too deep is an error."""
    if not isinstance(value, dict | list):
        return 1
    if level > _DEEPEST:
        raise ConfigError(_TOO_DEEP)
    if id(value) not in known:
        inner = value.values() if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_count(part, known, level + 1) for part in inner)
        if known[id(value)] > _MOST:
            raise ConfigError(f"more than {_MOST:,} values, most of them aliases; write fewer.")
    return known[id(value)]
