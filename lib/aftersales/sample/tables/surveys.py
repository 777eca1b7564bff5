"""What customers of the sample company answer when they are asked."""

from __future__ import annotations

import numpy as np
import pandas as pd

from aftersales.sample.calendar import days, pick
from aftersales.sample.company import shares
from aftersales.sample.tables.faults import World
from aftersales.sample.tables.tickets import CHANNELS

CSAT, NPS = 0, 1
NOBODY = -1


def make_surveys(
    units: pd.DataFrame,
    orders: pd.DataFrame,
    tickets: pd.DataFrame,
    repairs: pd.DataFrame,
    tiers: np.ndarray,
    *,
    world: World,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """One row per answer: touchpoint, instrument, unit, ticket (or -1), score, times, channel.

    `tiers` is the tier code of every customer.
    """
    sold = units.loc[orders["unit"]]
    hotline = tickets[tickets["channel"] == CHANNELS.index("hotline")]
    occasions = {
        "purchase": (orders["unit"], NOBODY, orders["ordered_at"]),
        "delivery": (orders["unit"], NOBODY, orders["delivered_at"]),
        "installation": (orders["unit"], NOBODY, sold["in_service_at"]),
        "repair": (repairs["unit"], repairs["ticket"], repairs["closed_at"]),
        "hotline": (hotline["unit"], hotline.index, hotline["responded_at"]),
    }
    answers = [
        _answers(name, *occasion, instrument=instrument, world=world, rng=rng)
        for name, occasion in occasions.items()
        for instrument in ((CSAT, NPS) if name in ("purchase", "repair") else (CSAT,))
    ]
    surveys = pd.concat(answers, ignore_index=True)
    surveys = surveys[surveys["answered_at"] < world.calendar.end]
    surveys = surveys.sort_values("answered_at", kind="stable", ignore_index=True)
    return surveys.assign(score=_scores(surveys, units, tiers, world=world, rng=rng))


def _answers(
    touchpoint, unit, ticket, moment, *, instrument: int, world: World, rng: np.random.Generator
):
    settings = world.company.raw["surveys"]
    share = settings[touchpoint]["answered"]
    if instrument == NPS:
        share = world.company.raw["nps"]["answered"]
    happened = pd.DataFrame({"unit": np.asarray(unit), "moment": np.asarray(moment)})
    happened["ticket"] = np.asarray(ticket) if np.ndim(ticket) else ticket
    asked = happened[(rng.random(len(happened)) < share) & happened["moment"].notna().to_numpy()]
    n = len(asked)
    invited = asked["moment"].to_numpy() + days(1 + rng.random(n))
    return pd.DataFrame(
        {
            "touchpoint": list(settings).index(touchpoint),
            "instrument": instrument,
            "unit": asked["unit"].to_numpy(),
            "ticket": asked["ticket"].to_numpy(),
            "invited_at": invited,
            "answered_at": invited + days(rng.exponential(1.2, n)),
            "channel": pick(rng, np.array([0.7, 0.3]), n),
        }
    )


def _scores(
    surveys: pd.DataFrame,
    units: pd.DataFrame,
    tiers: np.ndarray,
    *,
    world: World,
    rng: np.random.Generator,
):
    settings = world.company.raw["surveys"]
    touchpoint = surveys["touchpoint"].to_numpy()
    satisfied = np.array([s["satisfied"] for s in settings.values()])[touchpoint]
    unit = surveys["unit"].to_numpy()
    macro = units["macro"].to_numpy()[unit]
    tier = tiers[units["customer"].to_numpy()[unit]]
    for effect in [] if world.quiet else world.company.planted("surveys"):
        touched = (
            (macro == world.company.macros.index(effect["macro"]))
            & (tier == world.company.tiers.index(effect["tier"]))
            & (touchpoint == list(settings).index(effect["touchpoint"]))
        )
        satisfied = np.where(touched, effect["satisfied"], satisfied)
    n = len(surveys)
    happy = rng.random(n) < satisfied
    csat = np.where(
        happy, 4 + pick(rng, np.array([0.4, 0.6]), n), 3 - pick(rng, np.array([0.5, 0.27, 0.23]), n)
    )
    return np.where(surveys["instrument"] == NPS, _likelihood(world, n, rng=rng), csat)


def _likelihood(world: World, n: int, *, rng: np.random.Generator) -> np.ndarray:
    """Answers from 0 to 10 with the company's shares of promoters and passives."""
    nps = world.company.raw["nps"]
    detractors = 1 - nps["promoters"] - nps["passives"]
    low = shares([2, 1, 2, 3, 4, 9, 12])
    weights = np.concatenate(
        [
            detractors * low,
            nps["passives"] * np.array([0.45, 0.55]),
            nps["promoters"] * np.array([0.5, 0.5]),
        ]
    )
    return pick(rng, weights, n)
