import pandas as pd
import pytest

from aftersales.profile.config import Target
from aftersales.questions.hotspot.result import hotspot
from aftersales.studies.places.outlets import judged_outlets
from aftersales.studies.scope import read_scope

FEW = {
    "turnaround_days": Target(min_n=20),
    "sla_attainment_rate": Target(min_n=20, window_days=3, act_difference=0.1),
}


def repairs(days, *, n=60, region="CN-11"):
    """`n` repairs of each outlet, spread around its number of days."""
    opened = pd.Series(pd.date_range("2025-03-01", periods=n, freq="3D", unit="us"))
    parts = []
    for outlet, middle in days.items():
        length = [middle * (0.5 + i / n) for i in range(n)]
        closed = opened + pd.to_timedelta([24 * d for d in length], unit="h")
        parts.append(
            pd.DataFrame(
                {
                    "repair_id": [f"{outlet}-{i}" for i in range(n)],
                    "opened_at": opened,
                    "closed_at": closed.astype("datetime64[us]"),
                    "turnaround_days": length,
                    "outlet": outlet,
                    "region": region,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def test_a_slow_outlet_stands_out_from_how_outlets_differ_anyway(company):
    rows = repairs({f"O{i}": 2.8 + 0.02 * i for i in range(12)} | {"slow": 9.0})
    result = hotspot(company({"repairs": rows}, targets=FEW))
    (slow,) = [f for f in result.findings() if f.kind == "outlet"]
    assert slow.severity == "act"
    assert dict(slow.subject) == {"outlet": "slow"}
    assert slow.text == (
        "Outlet slow, Turnaround time: 8.88 days in the median, 3.06 times that of its peers (2.90 "
        "days; 95 % interval 2.70–3.48, n = 60). Ask what holds repairs up there."
    )
    assert slow.low < slow.estimate < slow.high
    assert [f.text for f in result.findings() if f.kind == "outlets"] == [
        "Outlets: 12 of 13 comparisons with other outlets give no reason to act."
    ]


def test_outlets_that_all_differ_a_lot_give_no_alarm(company):
    rows = repairs({f"O{i}": 1.5 + 0.3 * i for i in range(12)})
    table = judged_outlets(read_scope(company({"repairs": rows}, targets=FEW)), months=12)
    assert "act" not in set(table["severity"])


def test_outlets_below_min_n_are_not_listed_but_counted(company):
    rows = pd.concat([repairs({"a": 3.0, "b": 3.0, "c": 3.2}), repairs({"small": 30.0}, n=10)])
    result = hotspot(company({"repairs": rows}, targets=FEW))
    assert "small" not in set(result.outlet_table()["outlet"])
    assert [f.text for f in result.findings() if f.kind == "outlets_few"] == [
        "Outlets: 1 comparison rests on too few cases to be judged."
    ]


def test_an_outlet_belongs_to_the_region_where_most_of_its_cases_are(company):
    rows = pd.concat(
        [
            repairs({"north": 3.0, "other": 3.0}),
            repairs({"south": 9.0}, region="CN-44"),
            repairs({"south": 9.0}, n=5),  # a few in the north
        ]
    )
    store = company({"repairs": rows}, targets=FEW)
    assert set(judged_outlets(read_scope(store, region="CN-N"), months=12)["outlet"]) == {
        "north",
        "other",
    }


def sla(missed, *, n=100):
    """`n` tickets of each outlet, of which so many were resolved after ten days, not one."""
    opened = pd.Series(pd.date_range("2025-03-01", periods=n, freq="2D", unit="us"))
    parts = []
    for outlet, late in missed.items():
        hours = [240.0 if i < late else 24.0 for i in range(n)]
        done = (opened + pd.to_timedelta(hours, unit="h")).astype("datetime64[us]")
        parts.append(
            pd.DataFrame(
                {
                    "ticket_id": [f"{outlet}-{i}" for i in range(n)],
                    "opened_at": opened,
                    "resolved_at": done,
                    "resolution_hours": hours,
                    "outlet": outlet,
                    "region": "CN-11",
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def test_misses_are_judged_by_the_difference_the_target_names(company):
    rows = sla({f"O{i}": 10 for i in range(12)} | {"late": 40})
    result = hotspot(company({"tickets": rows}, targets=FEW))
    (late,) = [f for f in result.findings() if f.kind == "outlet"]
    assert late.severity == "act"
    assert late.text == (
        "Outlet late, SLA attainment: 40.0 % of cases miss it, 4.00 times the share of its peers "
        "(10.0 %; 95 % interval 2.80–5.72, n = 100), not adjusted for what it repairs."
    )
    assert late.excess == pytest.approx(30)
    rows = sla({f"O{i}": 2 for i in range(12)} | {"late": 8})  # 4 times as many, but 6 points
    table = judged_outlets(read_scope(company({"tickets": rows}, targets=FEW)), months=12)
    assert table.set_index("outlet").at["late", "severity"] != "act"


def test_one_outlet_alone_has_no_peers_and_none_gives_no_table(company):
    alone = judged_outlets(
        read_scope(company({"repairs": repairs({"a": 3.0})}, targets=FEW)), months=12
    )
    assert "act" not in set(alone["severity"])
    small = company({"repairs": repairs({"a": 3.0}, n=3)}, targets=FEW)
    none = judged_outlets(read_scope(small), months=12)
    assert none["few"].tolist() == [True]
    assert none[["cases", "at_risk", "value", "ratio"]].isna().all(axis=None)
    assert judged_outlets(read_scope(company({})), months=12).empty
