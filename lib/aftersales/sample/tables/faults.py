"""When units of the sample company fail: a rate per unit and month, and events drawn from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from aftersales.sample.calendar import Calendar, month_of_year
from aftersales.sample.company import Company
from aftersales.sample.tables.fleet import lot_names

CHUNK = 20_000  # units whose months are drawn at once; bounds memory
BY_CHANCE = -1  # the `cause` of an event that no planted effect made


@dataclass(frozen=True)
class Noise:
    """Natural variation between places, months and lots: factors around one, drawn once."""

    place: np.ndarray  # province x product x ticket month
    lot: np.ndarray
    outlet: np.ndarray


@dataclass(frozen=True)
class World:
    """The company, its months and its natural variation: the same for every block of units."""

    company: Company
    calendar: Calendar
    noise: Noise
    quiet: bool = False


@dataclass(frozen=True)
class Planted:
    """A planted effect on faults, resolved to codes."""

    match: Mapping[str, int]  # column of the units table -> code
    version: int  # -1: any
    start: int  # first ticket month
    ramp_months: int
    times: float
    issue: int


def make_noise(company: Company, calendar: Calendar, *, rng: np.random.Generator) -> Noise:
    """Gamma factors with the coefficients of variation in `company.yaml`."""
    spread = company.raw["noise"]
    places = (len(company.provinces), len(company.products))
    monthly = _gamma(rng, spread["province_month"], (*places, calendar.months))
    lasting = _gamma(rng, spread["province"], places)[:, :, None]
    lots = _gamma(rng, spread["lot"], len(company.models) * len(calendar.history))
    return Noise(monthly * lasting, lots, _gamma(rng, spread["outlet"], len(company.outlets)))


def _gamma(rng: np.random.Generator, variation: float, shape) -> np.ndarray:
    """Factors with mean one and the given coefficient of variation."""
    return rng.gamma(variation**-2, variation**2, shape)


def planted_faults(world: World) -> list[Planted]:
    """The planted effects on faults; none where the sample is quiet."""
    if world.quiet:
        return []
    return [_resolve(effect, world=world) for effect in world.company.planted("faults")]


def _resolve(effect: Mapping[str, Any], *, world: World) -> Planted:
    company, calendar = world.company, world.calendar
    names = {
        "product": company.products,
        "province": company.provinces,
        "macro": company.macros,
        "process": company.processes,
        "plant": company.plants,
    }
    match = {key: known.index(effect[key]) for key, known in names.items() if key in effect}
    if "batch" in effect:
        match["lot"] = lot_names(company, calendar).tolist().index(effect["batch"])
    start = np.datetime64(effect["from"]) if "from" in effect else calendar.tickets[0]
    return Planted(
        match=match,
        version=company.versions.index(effect["version"]) if "version" in effect else -1,
        start=int(start.astype(int) - calendar.tickets[0].astype(int)),
        ramp_months=effect.get("ramp_months", 0),
        times=effect["times"],
        issue=[issue.name for issue in company.issues].index(effect["issue"]),
    )


def draw_faults(
    units: pd.DataFrame, *, world: World, expected: float, rng: np.random.Generator
) -> pd.DataFrame:
    """Fault events: unit (row of `units`), month (of the tickets), version and cause.

    `expected` faults are drawn on average by chance, from the month in which a unit goes into
    service; planted effects add theirs. `cause` is the position of the planted effect that made
    the event, `BY_CHANCE` for the others; `version` is -1 for units without firmware.
    """
    effects = planted_faults(world)
    chunks = [units.iloc[i : i + CHUNK] for i in range(0, len(units), CHUNK)]
    first = sum(_natural_rate(c, world=world).sum() for c in chunks[:4])
    scale = expected / first * sum(map(len, chunks[:4])) / len(units)
    drawn = [_draw(c, world=world, scale=scale, effects=effects, rng=rng) for c in chunks]
    return pd.concat(drawn, ignore_index=True)


def draw_contacts(
    units: pd.DataFrame, *, calendar: Calendar, expected: float, rng: np.random.Generator
) -> pd.DataFrame:
    """Contacts that are no faults: unit and month, at one rate for all units in service."""
    first = age_months(units, calendar)[:, 0]
    months = np.clip(calendar.months - np.clip(-first, 0, None), 0, None)  # in service, per unit
    ends = np.cumsum(months)
    drawn = np.sort(rng.integers(0, ends[-1], rng.poisson(expected)))
    unit = np.searchsorted(ends, drawn, side="right")
    month = calendar.months - (ends[unit] - drawn)
    half = (first[unit] + month == 0) & (rng.random(len(unit)) < 0.5)  # not yet in service
    unit, month = unit[~half], month[~half]
    return pd.DataFrame({"unit": unit, "month": month})


def age_factor(age: np.ndarray) -> np.ndarray:
    """Relative fault rate by full months in service: a little higher at first and with age."""
    grown = np.clip(age, 0, None)
    return in_service(age) * (1.0 + 0.35 * np.exp(-grown / 3.0) + 0.004 * grown)


def in_service(age: np.ndarray) -> np.ndarray:
    """Part of the month in service, by months since the first one: half of that, on average."""
    return np.where(age < 0, 0.0, np.where(age == 0, 0.5, 1.0))


def moments_in_service(
    units: pd.DataFrame,
    unit: np.ndarray,
    month: np.ndarray,
    *,
    calendar: Calendar,
    rng: np.random.Generator,
) -> np.ndarray:
    """A moment in each month; in a unit's first month, one after it went into service."""
    moment = calendar.moments(month, rng=rng)
    service = units["in_service_at"].to_numpy()[unit]
    end = (calendar.tickets[month] + 1).astype("datetime64[s]")
    later = service + ((end - service).astype(float) * rng.random(len(unit))).astype(
        "timedelta64[s]"
    )
    return np.where(moment < service, later, moment)


def version_at(world: World, propensity: np.ndarray, month: np.ndarray) -> np.ndarray:
    """Firmware code of connected units in ticket months; low propensities update first.

    `propensity` and `month` broadcast against each other.
    """
    releases = list(world.company.raw["versions"].values())
    months = world.calendar.tickets.astype(int)
    version = np.zeros(np.broadcast(propensity, month).shape, dtype=np.int8)
    for code, release in enumerate(releases):
        since = months - np.datetime64(release["released"]).astype(int)
        adoption = np.array(release["adoption"])
        share = np.where(since < 0, 0.0, adoption[np.clip(since, 0, len(adoption) - 1)])
        version[propensity < share[month]] = code
    return version


def age_months(units: pd.DataFrame, calendar: Calendar) -> np.ndarray:
    """Unit x ticket month: months since the month of going into service; negative before it."""
    service = units["in_service_at"].to_numpy().astype("datetime64[M]")
    start = np.where(np.isnat(service), calendar.last + 1, service)
    start = start.astype("datetime64[M]").astype(int)
    return calendar.tickets.astype(int)[None, :] - start[:, None]


def _natural_rate(units: pd.DataFrame, *, world: World) -> np.ndarray:
    """Unit x ticket month: fault rate without planted effects, up to one common factor."""
    company, calendar, noise = world.company, world.calendar, world.noise
    season = company.of_products("season")
    season = season / season.mean(axis=1, keepdims=True)
    monthly = company.of_products("rate")[:, None] * season[:, month_of_year(calendar.tickets)]
    place = noise.place * monthly[None, :, :]
    model = np.array([m.rate for m in company.models])[units["model"].to_numpy()]
    unit = model * noise.lot[units["lot"].to_numpy()]
    rate = place[units["province"].to_numpy(), units["product"].to_numpy()] * unit[:, None]
    return rate * age_factor(np.arange(-600, 600))[age_months(units, calendar) + 600]


def _draw(
    units: pd.DataFrame,
    *,
    world: World,
    scale: float,
    effects: list[Planted],
    rng: np.random.Generator,
) -> pd.DataFrame:
    rate = _natural_rate(units, world=world) * scale
    connected = np.array([m.connected for m in world.company.models])[units["model"].to_numpy()]
    months = np.arange(world.calendar.months)[None, :]
    version = version_at(world, units["propensity"].to_numpy()[:, None], months)
    version[~connected] = -1
    parts = [_events(rng.poisson(rate), version, BY_CHANCE)]
    for position, effect in enumerate(effects):
        touched = np.flatnonzero(_matches(units, effect))
        more = rate[touched] * (_times(units.iloc[touched], effect, world=world) - 1)
        if effect.version >= 0:
            more = more * (version[touched] == effect.version)
        found = _events(rng.poisson(more), version[touched], position)
        parts.append(found.assign(unit=touched[found["unit"]]))
    drawn = pd.concat(parts, ignore_index=True)
    return drawn.assign(unit=drawn["unit"] + units.index[0])


def _matches(units: pd.DataFrame, effect: Planted) -> np.ndarray:
    matched = np.ones(len(units), dtype=bool)
    for column, code in effect.match.items():
        matched &= units[column].to_numpy() == code
    return matched


def _times(units: pd.DataFrame, effect: Planted, *, world: World) -> np.ndarray:
    """Unit x ticket month: the factor of the effect, which may grow in the first months."""
    age = age_months(units, world.calendar)
    ramp = np.clip(age / effect.ramp_months, 0, 1) if effect.ramp_months else np.ones(age.shape)
    since = np.arange(world.calendar.months) >= effect.start
    return 1 + (effect.times - 1) * ramp * since[None, :]


def _events(counts: np.ndarray, version: np.ndarray, cause: int) -> pd.DataFrame:
    unit, month = np.nonzero(counts)
    times = counts[unit, month]
    unit, month = np.repeat(unit, times), np.repeat(month, times)
    version = version[unit, month] if len(unit) else np.zeros(0, dtype=np.int8)
    return pd.DataFrame({"unit": unit, "month": month, "version": version, "cause": cause})
