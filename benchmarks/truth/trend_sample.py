"""What the trend report says of the sample: planted rises found and dated, seasons silent.

    python benchmarks/truth/trend_sample.py [--processed data/processed/sample]

One row per question: what is planted, what is said, and whether that is right. A date is right
within four weeks of the truth, or where the truth lies so close to the interval said.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from aftersales import load_project
from aftersales.questions.trend.result import Trend, trend

RISES = {  # region -> the series that is planted to rise, and since when
    "CN-51": ({"product": "washer"}, "2025-08-01"),
    "CN-S": ({"product": "air_conditioner"}, "2024-09-01"),
}
SEASONS = ("air_conditioner", "water_heater")
DAYS = ("2025-01-31", "2025-07-31", "2025-12-31")  # both seasons at their height, and the end
LATE = pd.Timedelta(weeks=4)


def rises(reports: dict[str, Trend]) -> list[dict]:
    """How each planted rise is dated: by month, and by week from the change points of the rate."""
    rows = []
    for region, (subject, start) in RISES.items():
        report, truth = reports[region], pd.Timestamp(start)
        table = report.to_frame()
        own = table[(table["region"] == "") & (table["product"] == subject["product"])]
        own = own[own["metric"] == "faults_per_1000"].iloc[0]
        off = own["start"] - truth
        rows.append(
            {
                "question": f"rise of {subject['product']} in {region} since {start}",
                "said": f"{own['severity']}, {own['start']:%Y-%m-%d}, {own['ratio']:.2f} times",
                "right": own["severity"] in ("act", "watch") and abs(off) <= LATE,
            }
        )
    return rows


def weekly_dates(reports: dict[str, Trend]) -> list[dict]:
    """The change points of the main rate where a rise is planted."""
    rows = []
    for region, (_, start) in RISES.items():
        truth = pd.Timestamp(start)
        for change in reports[region].main_changes.itertuples():
            span = f"{change.start_low:%Y-%m-%d} to {change.start_high:%Y-%m-%d}"
            within = change.start_low <= truth + LATE and change.start_high >= truth - LATE
            rows.append(
                {
                    "question": f"change point of {region}, rise planted {start}",
                    "said": f"{change.start:%Y-%m-%d} ({span}), {change.ratio:.2f} times",
                    "right": within,
                }
            )
    return rows


def seasons(store: object) -> list[dict]:
    """Alarms about the seasonal products, at the height of their seasons."""
    rows = []
    for day in DAYS:
        report = trend(store, as_of=pd.Timestamp(day))
        raised = [
            f
            for f in report.findings()
            if f.severity == "act" and dict(f.subject).get("product") in SEASONS
        ]
        raised = [
            f for f in raised if dict(f.subject).get("region") != "CN-S"
        ]  # the bad lot is there
        weekly = [f for f in report.findings() if f.kind == "alarm"]
        rows.append(
            {
                "question": f"seasons on {day}: act, weekly alarms",
                "said": f"{len(raised)}, {len(weekly)}",
                "right": not raised and not weekly,
            }
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--processed", default="")
    wanted = parser.parse_args()
    store = load_project(
        "sample", processed=str(Path(wanted.processed)) if wanted.processed else ""
    )
    reports = {region: trend(store, region=region) for region in RISES}
    table = pd.DataFrame([*rises(reports), *weekly_dates(reports), *seasons(store)])
    print(table.to_string(index=False))
    print(f"\n{int(table['right'].sum())} of {len(table)} as planted")


if __name__ == "__main__":
    main()
