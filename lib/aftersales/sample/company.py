"""The sample company: `company.yaml` read into arrays that the generator indexes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import resources
from typing import Any

import numpy as np
import yaml


@dataclass(frozen=True)
class Model:
    """A model of a product. `letter` begins the names of its monthly lots, e.g. ``B2407``."""

    name: str
    product: int
    letter: str
    share: float
    price: float
    rate: float
    connected: bool = False


@dataclass(frozen=True)
class Issue:
    """A kind of fault of a product, and how callers put it."""

    name: str
    product: int
    code: str
    share: float
    says: tuple[str, ...]


@dataclass(frozen=True)
class Company:
    """Everything with a name. Codes in generated tables are positions in these lists."""

    raw: Mapping[str, Any]

    @cached_property
    def provinces(self) -> list[str]:
        return list(self.raw["provinces"])

    @cached_property
    def macros(self) -> list[str]:
        return list(self.raw["warehouses"])

    @cached_property
    def macro_of(self) -> np.ndarray:
        """Province code -> macro-region code."""
        return np.array([self.macros.index(p["macro"]) for p in self.raw["provinces"].values()])

    @cached_property
    def province_weights(self) -> np.ndarray:
        return shares(p["weight"] for p in self.raw["provinces"].values())

    @cached_property
    def spellings(self) -> np.ndarray:
        """Province x style: how the systems write a province."""
        return np.array([p["spellings"] for p in self.raw["provinces"].values()], dtype=object)

    @cached_property
    def products(self) -> list[str]:
        return list(self.raw["products"])

    @cached_property
    def models(self) -> list[Model]:
        return [
            Model(name=name, product=code, **spec)
            for code, product in enumerate(self.raw["products"].values())
            for name, spec in product["models"].items()
        ]

    @cached_property
    def issues(self) -> list[Issue]:
        return [
            Issue(name, code, spec["code"], spec["share"], tuple(spec["says"]))
            for code, product in enumerate(self.raw["products"].values())
            for name, spec in product["issues"].items()
        ]

    def of_products(self, key: str) -> np.ndarray:
        """A number or twelve monthly numbers of every product, e.g. ``season``."""
        return np.array([p[key] for p in self.raw["products"].values()], dtype=float)

    @cached_property
    def suppliers(self) -> list[str]:
        return sorted({s for p in self.raw["products"].values() for s in p["suppliers"]})

    @cached_property
    def plants(self) -> list[str]:
        return sorted({s for p in self.raw["products"].values() for s in p["plants"]})

    @cached_property
    def processes(self) -> list[str]:
        lines = self.raw["processes"]
        return [lines["default"], *(line["process"] for line in lines["lines"])]

    @cached_property
    def warehouses(self) -> list[str]:
        return sorted({w for shares_of in self.raw["warehouses"].values() for w in shares_of})

    @cached_property
    def warehouse_shares(self) -> np.ndarray:
        """Macro-region x warehouse: share of the region's orders it ships."""
        rows = self.raw["warehouses"].values()
        return np.array([shares(row.get(w, 0) for w in self.warehouses) for row in rows])

    @cached_property
    def tiers(self) -> list[str]:
        return list(self.raw["tiers"])

    @cached_property
    def versions(self) -> list[str]:
        return list(self.raw["versions"])

    @cached_property
    def outlets(self) -> list[tuple[str, int]]:
        """Service outlets: (id, province code); three to six per province, by its size."""
        weights = [p["weight"] for p in self.raw["provinces"].values()]
        return [
            (f"O-{province.rpartition('-')[2]}{number:02d}", code)
            for code, (province, weight) in enumerate(zip(self.provinces, weights, strict=True))
            for number in range(1, 4 + min(3, int(weight / 2)))
        ]

    def planted(self, table: str) -> list[Mapping[str, Any]]:
        """The planted effects on one table, e.g. ``faults``."""
        return [p["effect"] for p in self.raw["planted"] if p["effect"]["table"] == table]


def shares(weights: Iterable[float]) -> np.ndarray:
    """Weights scaled to sum to one."""
    array = np.array(list(weights), dtype=float)
    return array / array.sum()


@lru_cache
def read_company() -> Company:
    """The company in `company.yaml` beside this file."""
    text = (resources.files(__package__) / "company.yaml").read_text(encoding="utf-8")
    return Company(yaml.safe_load(text))
