"""Reads the values of the keys of a column strictly: texts, numbers, dates, formats, codes."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from aftersales.data.read.cells.times import EPOCHS, SERIAL, half_day, zone
from aftersales.data.read.values import NO, YES
from aftersales.errors import ConfigError, nearest
from aftersales.profile.regions import fold

_DIRECTIVES = frozenset("YymdbBaAHIpMSfzj-%")
_YEAR = re.compile(r"%[Yy]")
_SEPARATORS = (".", ",", " ", "'", "\u00a0", "")


@dataclass(frozen=True)
class Values:
    """Reads the values of keys for a column of some kind."""

    kind: str
    values: tuple[str, ...]
    where: str

    def text(self, key: str, raw: Any) -> str:
        if not isinstance(raw, str) or not raw.strip():
            raise ConfigError(
                f"{self.where}: `{key}` must be text, found {raw!r}; put quotes round it."
            )
        return raw

    def yes(self, key: str, raw: Any) -> bool:
        if not isinstance(raw, bool):
            raise ConfigError(f"{self.where}: `{key}` must be true or false, found {raw!r}.")
        return raw

    def choice(self, key: str, raw: Any, valid: Iterable[str]) -> Any:
        names = tuple(valid)
        if not isinstance(raw, str) or raw not in names:
            raise ConfigError(f'{key} "{raw}" in {self.where}; {nearest(raw, filter(None, names))}')
        return raw

    def scale(self, raw: Any) -> float:
        if not _finite(raw) or raw == 0:
            raise ConfigError(f"{self.where}: `scale` must be a number but 0, found {raw!r}.")
        return float(raw)

    def bound(self, key: str, raw: Any) -> float | pd.Timestamp | None:
        if raw is None:
            return None
        if self.kind == "date":
            return self.day(key, raw)
        if not _finite(raw):
            raise ConfigError(f"{self.where}: `{key}` must be a number, found {raw!r}.")
        return float(raw)

    def day(self, key: str, raw: Any) -> pd.Timestamp:
        try:
            found = raw if isinstance(raw, datetime.date) else datetime.datetime.fromisoformat(raw)
        except (TypeError, ValueError):
            raise ConfigError(
                f"{self.where}: `{key}` must be a date like 2010-01-01, found {raw!r}."
            ) from None
        try:
            return pd.Timestamp(found).tz_localize(None).as_unit("us")
        except (ValueError, OverflowError):
            raise ConfigError(f"{self.where}: `{key}` is no day of a calendar: {raw!r}.") from None

    def formats(self, raw: Any) -> tuple[str, ...]:
        formats = (raw,) if isinstance(raw, str) else raw or ()
        if not isinstance(formats, list | tuple):
            raise ConfigError(
                f"{self.where}: `format` must be a date format or a list of them, found {raw!r}."
            )
        for form in formats:
            if form not in (*EPOCHS, SERIAL):
                self._format(form)
        return tuple(formats)

    def _format(self, form: Any) -> None:
        letters = set(re.findall(r"%-?(.)", form)) if isinstance(form, str) else {"?"}
        if not letters or letters - _DIRECTIVES or not _YEAR.search(form):
            raise ConfigError(
                f'date format "{form}" in {self.where} is not usable; write it with strptime '
                'signs and a year, e.g. "%Y-%m-%d %H:%M", or one of '
                f"{', '.join((*EPOCHS, SERIAL))}."
            )
        if "I" in letters and not half_day(form):
            raise ConfigError(
                f'date format "{form}" in {self.where} reads hours of 1 to 12 (%I) without their '
                "half of the day; add %p, which reads AM, PM, 上午 and 下午, or write %H."
            )

    def zone(self, raw: Any) -> str:
        if raw is None:
            return ""
        name = self.text("zone", raw)
        try:
            zone(name)
        except ConfigError:
            raise ConfigError(
                f'zone "{raw}" in {self.where} is not known; write a name like UTC or Europe/Paris.'
            ) from None
        return name

    def separators(self, decimal: Any, thousands: Any, default: tuple[str, str]) -> dict[str, str]:
        """What divides the digits of numbers; the two differ."""
        point = (
            (default[0] or ".") if decimal is None else self.choice("decimal", decimal, (".", ","))
        )
        other = {".": ",", ",": "."}[point]
        if thousands is None:
            thousands = default[1] if decimal is None and default[1] else other
        group = self.choice("thousands", thousands, _SEPARATORS)
        if group == point:
            raise ConfigError(
                f'{self.where}: `decimal` and `thousands` are both "{point}"; change one.'
            )
        return {"decimal": point, "thousands": group}

    def codes(self, raw: Any) -> dict[str, str]:
        if raw is None:
            return {}
        if not isinstance(raw, Mapping):
            raise ConfigError(f"{self.where}: `codes` needs lines `source value: meaning`.")
        if not raw:
            raise ConfigError(f"{self.where}: `codes` is empty; add lines, or remove it.")
        return {self.spelling(key): self.cell(f"codes: {key}", value) for key, value in raw.items()}

    def spelling(self, raw: Any) -> str:
        """A spelling found in the source; YAML makes true of an unquoted Yes."""
        if isinstance(raw, bool) or raw is None:
            raise ConfigError(
                f"{self.where}: YAML reads a code without quotes as {raw!r}; "
                'put quotes round yes, no, on, off, true, false and null, e.g. "Yes".'
            )
        return str(raw)

    def cell(self, key: str, raw: Any) -> str:
        """A constant of the column's kind, as text."""
        if self.kind == "bool" and isinstance(raw, bool):
            return "true" if raw else "false"
        if self.kind == "bool" and fold(str(raw)) in YES | NO:
            return "true" if fold(str(raw)) in YES else "false"
        if self.kind == "date" and isinstance(raw, datetime.date):
            return str(raw)
        number = isinstance(raw, int | float) and not isinstance(raw, bool)
        if number and not math.isfinite(raw):
            raise ConfigError(f"{self.where}: `{key}` gives {raw!r}; write a finite number.")
        if number and (self.kind in ("str", "float") or float(raw).is_integer()):
            return str(raw)
        if not isinstance(raw, str) or self.kind in ("int", "float", "bool"):
            words = "; write true or false" if self.kind == "bool" else ""
            raise ConfigError(
                f"{self.where}: `{key}` gives {raw!r}, which is no {self.kind}{words}."
            )
        if self.values and raw not in self.values:
            raise ConfigError(f'"{raw}" in {self.where}, {key}; {nearest(raw, self.values)}')
        return raw


def _finite(raw: Any) -> bool:
    number = isinstance(raw, int | float) and not isinstance(raw, bool)
    return number and math.isfinite(raw) and abs(raw) < 1e300
