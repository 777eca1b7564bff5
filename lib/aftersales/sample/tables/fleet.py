"""Units that the sample company built, sold and put into service, and who bought them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from aftersales.sample.calendar import Calendar, before, days, month_of_year, pick, pick_by
from aftersales.sample.company import Company, shares

NEW_CUSTOMER = 0.72  # share of units bought by somebody who had none


def make_units(
    company: Company, calendar: Calendar, *, n: int, rng: np.random.Generator
) -> pd.DataFrame:
    """One row per unit sold by the end of the data, in codes of `company`.

    Columns: model, product, lot (position in `lot_names`), province, macro, supplier, plant,
    process, warehouse, customer (0 ... in this block),
    propensity (0 first to 1 last to install new firmware), built_at, shipped_at,
    ordered_at, promised_at, delivered_at, in_service_at (NaT if later than the data).
    """
    units = _lots(company, calendar, n=n, rng=rng)
    units["province"] = _provinces(company, calendar, units, rng=rng)
    units["macro"] = company.macro_of[units["province"]]
    units["warehouse"] = pick_by(rng, company.warehouse_shares, units["macro"].to_numpy())
    units["supplier"] = lot_suppliers(company, calendar)[units["lot"]]
    units["plant"] = pick_by(rng, _plant_shares(company), units["product"].to_numpy())
    units["process"] = _processes(company, calendar, units, rng=rng)
    units = _dates(units, calendar, rng=rng)
    units = units[units["ordered_at"] < calendar.end].reset_index(drop=True)
    units["customer"] = _customers(units["province"].to_numpy(), rng=rng)
    units["propensity"] = rng.random(len(units))
    return units


def lot_names(company: Company, calendar: Calendar) -> np.ndarray:
    """Names of the lots, model by model and month by month: ``B2407`` is model B, July 2024."""
    stamps = [str(m)[2:4] + str(m)[5:7] for m in calendar.history]
    return np.array([model.letter + stamp for model in company.models for stamp in stamps])


def lot_suppliers(company: Company, calendar: Calendar) -> np.ndarray:
    """The supplier code of every lot: a product's suppliers take turns."""
    products = list(company.raw["products"].values())
    turn = calendar.history.astype(int)
    codes = []
    for model in company.models:
        of_product = products[model.product]["suppliers"]
        codes += [company.suppliers.index(of_product[t % len(of_product)]) for t in turn]
    names = lot_names(company, calendar).tolist()
    for name, supplier in company.raw["supplied"].items():
        if name in names:
            codes[names.index(name)] = company.suppliers.index(supplier)
    return np.array(codes)


def _lots(
    company: Company, calendar: Calendar, *, n: int, rng: np.random.Generator
) -> pd.DataFrame:
    growth = np.exp(company.raw["growth_per_month"] * np.arange(len(calendar.history)))
    sales = company.of_products("sales")[:, month_of_year(calendar.history)]
    product = company.of_products("share") / sales.mean(axis=1)
    weights = np.array(
        [m.share * product[m.product] * sales[m.product] * growth for m in company.models]
    ).ravel()
    names = lot_names(company, calendar).tolist()
    for campaign in company.raw["campaigns"]:
        if campaign["batch"] in names:
            weights[names.index(campaign["batch"])] *= campaign["times"]
    lot = pick(rng, weights / weights.sum(), n)
    model = lot // len(calendar.history)
    products = np.array([m.product for m in company.models])
    return pd.DataFrame({"lot": lot, "model": model, "product": products[model]})


def _provinces(
    company: Company, calendar: Calendar, units: pd.DataFrame, *, rng: np.random.Generator
) -> np.ndarray:
    province = pick(rng, company.province_weights, len(units))
    names = lot_names(company, calendar).tolist()
    for campaign in company.raw["campaigns"]:
        if campaign["batch"] not in names:
            continue
        inside = company.macro_of == company.macros.index(campaign["macro"])
        moved = units["lot"].to_numpy() == names.index(campaign["batch"])
        moved &= rng.random(len(units)) < campaign["share"]
        province[moved] = pick(rng, shares(company.province_weights * inside), moved.sum())
    return province


def _plant_shares(company: Company) -> np.ndarray:
    products = company.raw["products"].values()
    return np.array([shares(p["plants"].get(name, 0) for name in company.plants) for p in products])


def _processes(
    company: Company, calendar: Calendar, units: pd.DataFrame, *, rng: np.random.Generator
) -> np.ndarray:
    process = np.zeros(len(units), dtype=int)
    built = calendar.history[units["lot"].to_numpy() % len(calendar.history)]
    for line in company.raw["processes"]["lines"]:
        on_line = (
            (units["product"].to_numpy() == company.products.index(line["product"]))
            & (units["plant"].to_numpy() == company.plants.index(line["plant"]))
            & (built >= np.datetime64(line["from"]))
            & (rng.random(len(units)) < line["share"])
        )
        process[on_line] = company.processes.index(line["process"])
    return process


def _dates(units: pd.DataFrame, calendar: Calendar, *, rng: np.random.Generator) -> pd.DataFrame:
    """Built, shipped to the warehouse, ordered, promised, delivered and put into service."""
    n = len(units)
    month = calendar.history[units["lot"].to_numpy() % len(calendar.history)]
    built = month.astype("datetime64[s]") + days(rng.random(n) * 28)
    shipped = built + days(5 + rng.gamma(2.0, 3.0, n))
    ordered = shipped + days(2 + rng.gamma(1.5, 14.0, n))
    promised = ordered.astype("datetime64[D]").astype("datetime64[s]") + days(
        rng.choice([3, 5, 7], n, p=[0.3, 0.5, 0.2])
    )
    delivered = ordered + days(0.8 + rng.gamma(2.5, 1.0, n))
    service = delivered + days(rng.exponential(2.0, n))
    moments = {"ordered_at": ordered, "promised_at": promised}
    known = {"built_at": built, "shipped_at": shipped}
    later = {"delivered_at": delivered, "in_service_at": service}
    later = {name: before(moment, calendar.end) for name, moment in later.items()}
    return units.assign(**known, **moments, **later)


def _customers(province: np.ndarray, *, rng: np.random.Generator) -> np.ndarray:
    """A customer per unit; every customer lives in one province."""
    order = np.lexsort((rng.random(len(province)), province))
    fresh = rng.random(len(province)) < NEW_CUSTOMER
    fresh |= np.diff(province[order], prepend=-1) != 0
    customer = np.empty(len(province), dtype=np.int64)
    customer[order] = np.cumsum(fresh) - 1
    return customer
