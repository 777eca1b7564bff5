"""The profile `sample`: a made-up appliance maker, with planted truth and dirt in known numbers."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from aftersales.errors import RequestError
from aftersales.sample.block import Block, count_at_risk, make_block
from aftersales.sample.calendar import Calendar
from aftersales.sample.company import read_company
from aftersales.sample.dirt.personal import forms
from aftersales.sample.dirt.soil import Columns, soil
from aftersales.sample.files import RawFiles
from aftersales.sample.folder import replacing
from aftersales.sample.tables import systems
from aftersales.sample.tables.faults import World, make_noise

LEAST_TICKETS, LEAST_MONTHS = 500, 12
BLOCK_TICKETS = 100_000  # tickets made at once; bounds memory
Dirty = Callable[[str, Columns], tuple[Columns, int]]  # adds dirt; and how many torn lines
LISTED_DATA = 1_500  # data of members in canaries.json; all of their texts are listed


def write_sample(
    folder: Path, *, tickets: int = 60_000, months: int = 36, seed: int = 1, quiet: bool = False
) -> list[Path]:
    """Write the sample's raw files into `folder` and return their paths.

    Parameters
    ----------
    tickets : about how many service contacts; everything else grows with them
    months : months with tickets, up to and with the company's last month
    seed : the same seed gives the same files, byte for byte
    quiet : plant nothing; seasons, growth, natural variation and dirt stay

    Beside the tables stand ``truth.json`` (planted effects, see `planted_truth`), ``dirt.json``
    (table -> kind -> rows) and ``canaries.json`` (personal data that must not pass cleaning).
    A sample that stands in `folder` already is replaced, in one go.

    Raises
    ------
    RequestError
        For fewer than 500 tickets or 12 months.
    DataError
        If `folder` holds other files than a sample, or cannot be written.
    """
    _check(tickets=tickets, months=months)
    folder = Path(folder)
    world = make_world(months=months, seed=seed, quiet=quiet)
    with replacing(folder) as draft, RawFiles(draft) as files:
        _write(files, world, tickets=tickets, seed=seed)
    return [folder / path.name for path in files.paths]


def _write(files: RawFiles, world: World, *, tickets: int, seed: int) -> None:
    blocks = -(-tickets // BLOCK_TICKETS)
    dirt: dict[str, Counter] = {}
    at_risk, found, members = 0, [], []
    for number in range(blocks):
        block = make_block(world, number=number, seed=seed, expected=tickets / blocks)
        _write_block(files, block, dirt)
        at_risk = at_risk + count_at_risk(block)
        found += block.planted
        members += _members(block)[: LISTED_DATA - len(members)]
    _write_lists(files, world, at_risk)
    listed = [{"kind": kind, "text": datum} for kind, datum in [*found, *members]]
    files.json("canaries.json", listed)
    files.json("dirt.json", {table: dict(kinds) for table, kinds in dirt.items()})
    files.json("truth.json", planted_truth(world))


def make_world(*, months: int = 36, seed: int = 1, quiet: bool = False) -> World:
    """The company, its months and its natural variation."""
    company = read_company()
    last = np.datetime64(company.raw["as_of"])
    calendar = Calendar(last=last, months=months, warm_up=company.raw["warm_up_months"])
    noise = make_noise(company, calendar, rng=np.random.default_rng([seed, 2**31]))
    return World(company, calendar, noise, quiet)


def planted_truth(world: World) -> list[dict]:
    """What is planted: id, notebook, region, metric, subject, direction, start (YYYY-MM).

    Effects without a beginning of their own start with the first month of tickets.
    """
    if world.quiet:
        return []
    first = str(world.calendar.tickets[0])
    return [
        {**p["truth"], "start": p["truth"].get("start", first)}
        for p in world.company.raw["planted"]
    ]


def canaries(folder: Path) -> list[str]:
    """Every personal datum listed in `folder`, as written and in the forms it could survive in."""
    listed = json.loads((Path(folder) / "canaries.json").read_text(encoding="utf-8"))
    return forms(entry["text"] for entry in listed)


def _check(*, tickets: int, months: int) -> None:
    if tickets < LEAST_TICKETS:
        raise RequestError(
            f"A sample of {tickets} tickets is too small to show anything; "
            f"ask for {LEAST_TICKETS} or more with --tickets."
        )
    if months < LEAST_MONTHS:
        raise RequestError(
            f"A sample of {months} months has no season; ask for {LEAST_MONTHS} months or more."
        )


def _members(block: Block) -> list[tuple[str, str]]:
    table = systems.customers(block)
    listed = {"member's phone": "手机号", "member's e-mail": "邮箱", "member's address": "地址"}
    rows = zip(*(table[column][:LISTED_DATA].tolist() for column in listed.values()), strict=True)
    return [(kind, datum) for row in rows for kind, datum in zip(listed, row, strict=True)]


def _write_block(files: RawFiles, block: Block, dirt: dict[str, Counter]) -> None:
    rng = block.rng("dirt")

    def dirty(table: str, columns: Columns) -> tuple[Columns, int]:
        spots = block.world.company.raw["dirt"].get(table, [])
        soiled, counts = soil(columns, spots, rng=rng)
        dirt.setdefault(table, Counter()).update(counts)
        return soiled, counts.get("broken_record", 0)

    tickets, year = systems.tickets(block)
    _write_tickets(files, tickets, year, dirty)
    units, broken = dirty("units", systems.units(block))
    files.csv("units.csv", units, broken=broken)
    files.csv("repairs.tsv", dirty("repairs", systems.repairs(block))[0], delimiter="\t")
    files.parquet("orders.parquet", dirty("orders", systems.orders(block))[0])
    files.csv("returns.csv", dirty("returns", systems.returns(block))[0], delimiter=";")
    files.json_lines("surveys.jsonl", dirty("surveys", systems.surveys(block))[0])
    members = dirty("customers", systems.customers(block))[0]
    files.csv("members.csv", members, encoding="utf-8-sig")


def _write_tickets(files: RawFiles, columns: Columns, year: np.ndarray, dirty: Dirty) -> None:
    """A file per year: a legacy encoding and short times at first, gzip in the last year."""
    last = year.max()
    for one in range(year.min(), last + 1):
        part, broken = dirty("tickets", {k: v[year == one] for k, v in columns.items()})
        if one < last - 1:
            part = systems.legacy_times(part)
            files.csv(f"tickets_{one}.csv", part, encoding="gb18030", broken=broken)
        elif one < last:
            files.csv(f"tickets_{one}.csv", part, encoding="utf-8-sig", broken=broken)
        else:
            files.csv(f"tickets_{one}.csv.gz", part, broken=broken)


def _write_lists(files: RawFiles, world: World, at_risk: np.ndarray) -> None:
    files.csv("exposure.csv", systems.exposure(at_risk, world))
    files.csv("releases.csv", systems.releases(world))
    files.excel("outlets.xlsx", systems.outlets(world), sheet="网点")
    files.excel("actions.xlsx", systems.actions(world), sheet="措施")


__all__ = ["canaries", "make_world", "planted_truth", "write_sample"]
