"""Charts state what they measure, in words too, whatever the table holds."""

from __future__ import annotations

from collections.abc import Callable

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from aftersales import plot
from aftersales.profile.regions import Region

MONTHS = pd.date_range("2024-01-01", periods=12, freq="MS")
Chart = tuple[Callable[..., Axes], pd.DataFrame]

CHARTS: dict[str, Chart] = {
    "control_chart": (
        lambda f: plot.control_chart(f, ylabel="Faults per 1,000"),
        pd.DataFrame({"period": MONTHS, "value": 4.0, "upper": 6.0, "signal": False}),
    ),
    "rate_lines": (
        lambda f: plot.rate_lines(f, ylabel="Return rate", unit="share"),
        pd.DataFrame(
            {"series": "China", "period": MONTHS, "rate": 0.1, "rate_low": 0.05, "rate_high": 0.2}
        ),
    ),
    "season": (
        lambda f: plot.season(f, ylabel="Faults"),
        pd.DataFrame(
            {"period": MONTHS, "value": 4.0, "trend": 4.0, "seasonal": 0.1, "remainder": 0.0}
        ),
    ),
    "seasonal_profile": (
        plot.seasonal_profile,
        pd.DataFrame({"month": range(1, 13), "ratio": 1.0, "low": 0.9, "high": 1.1}),
    ),
    "mix_rate_bars": (
        lambda f: plot.mix_rate_bars(f, xlabel="Change"),
        pd.DataFrame({"name": ["a", "b"], "rate_effect": [1.0, -1.0], "mix_effect": [0.1, 0.2]}),
    ),
    "interval_dots": (
        lambda f: plot.interval_dots(f, xlabel="Rate ratio"),
        pd.DataFrame({"name": ["a", "b"], "ratio": [2.0, 1.0], "low": [1.5, 0.5], "high": [3, 2]}),
    ),
    "heat_map": (
        lambda f: plot.heat_map(f, row="region", column="product", min_n=30, label="Ratio"),
        pd.DataFrame(
            {"region": ["a", "a", "b"], "product": ["x", "y", "x"], "ratio": [1, 2, 0.5], "n": 50}
        ),
    ),
    "funnel": (
        lambda f: plot.funnel(f, xlabel="Repairs", ylabel="Rate", unit="share"),
        pd.DataFrame({"name": ["a", "b"], "n": [100, 400], "rate": [0.1, 0.2]}).assign(
            centre=0.1, lower_95=0.05, upper_95=0.15, lower_998=0.02, upper_998=0.18
        ),
    ),
    "pareto": (
        lambda f: plot.pareto(f, xlabel="Excess cases"),
        pd.DataFrame({"name": ["a", "b"], "count": [10.0, 5.0]}),
    ),
    "bars": (
        lambda f: plot.bars(f, ylabel="Tickets"),
        pd.DataFrame({"period": MONTHS, "count": range(12)}),
    ),
    "stacked": (
        lambda f: plot.stacked(f, ylabel="Tickets", share=True),
        pd.DataFrame({"period": MONTHS, "series": "fault", "count": range(1, 13)}),
    ),
    "coverage": (
        plot.coverage,
        pd.DataFrame({"table": "tickets", "period": MONTHS, "share": 0.9}),
    ),
    "score_dots": (
        lambda f: plot.score_dots(f, xlabel="Satisfied customers"),
        pd.DataFrame(
            {"touchpoint": "repair", "tier": ["gold", "silver"], "score": [0.55, 0.8], "n": 99}
        ).assign(score_low=0.5, score_high=0.85),
    ),
    "age_curve": (
        lambda f: plot.age_curve(f, ylabel="Faults per 1,000 units"),
        pd.DataFrame({"cohort": "2024 Q1", "age": range(1, 7), "rate": 2.0}).assign(
            rate_low=1.0, rate_high=3.0
        ),
    ),
}  # fmt: skip


@pytest.fixture(params=CHARTS)
def chart(request: pytest.FixtureRequest) -> Chart:
    return CHARTS[request.param]


def test_a_chart_describes_itself_in_a_sentence(chart: Chart):
    draw, frame = chart
    alt = plot.alt_text(draw(frame).figure)
    assert alt.endswith(".")
    assert len(alt) > 15


@pytest.mark.parametrize("rows", [0, 1])
def test_a_chart_of_an_almost_empty_table_is_drawn_without_an_error(chart: Chart, rows: int):
    draw, frame = chart
    assert plot.figure_svg(draw(frame.head(rows)).figure).startswith("<svg")


def test_a_chart_of_missing_values_is_drawn_without_an_error(chart: Chart):
    draw, frame = chart
    numbers = frame.select_dtypes("float").columns
    assert plot.figure_svg(draw(frame.assign(**dict.fromkeys(numbers, np.nan))).figure)


def test_a_chart_of_nothing_says_so():
    ax = plot.bars(pd.DataFrame({"period": [], "count": []}), ylabel="Tickets")
    assert plot.alt_text(ax.figure) == "Tickets: no values to draw."


def test_a_chart_leaves_its_table_unchanged(chart: Chart):
    draw, frame = chart
    before = frame.copy()
    draw(frame)
    pd.testing.assert_frame_equal(frame, before)


def test_row_labels_of_the_table_do_not_matter(chart: Chart):
    draw, frame = chart
    twice_labelled = frame.set_axis(np.zeros(len(frame), dtype=int), axis=0)
    described = plot.alt_text(draw(twice_labelled).figure)
    assert described == plot.alt_text(draw(frame).figure)


def test_a_chart_has_no_title_and_stays_small(chart: Chart):
    draw, frame = chart
    ax = draw(frame)
    assert ax.get_title() == ""
    assert len(plot.figure_svg(ax.figure).encode()) < 30_000


def test_a_chart_draws_into_given_axes(series: pd.DataFrame):
    _, ax = plt.subplots()
    assert plot.control_chart(series, ylabel="Faults", ax=ax) is ax


def test_a_control_chart_says_its_signals(series: pd.DataFrame):
    ax = plot.control_chart(series, ylabel="Faults per 1,000 units")
    assert plot.alt_text(ax.figure) == (
        "Faults per 1,000 units from Jan 2024 to Dec 2025; the latest value is 9.00. "
        "1 point lies outside the limits. The last of them is Dec 2025."
    )


def test_a_quiet_control_chart_says_that_nothing_lies_outside(series: pd.DataFrame):
    ax = plot.control_chart(series.assign(signal=False), ylabel="Faults")
    assert plot.alt_text(ax.figure).endswith("0 points lie outside the limits.")


def test_ratios_that_differ_are_named(ratios: pd.DataFrame):
    ax = plot.interval_dots(ratios, xlabel="Rate ratio")
    assert plot.alt_text(ax.figure) == "Rate ratio for 2 groups. 1 differs from 1: 批次 B2407 3.4."


def test_a_given_judgement_counts_more_than_the_interval(ratios: pd.DataFrame):
    ax = plot.interval_dots(ratios.assign(significant=False), xlabel="Rate ratio")
    assert plot.alt_text(ax.figure) == "Rate ratio for 2 groups. No interval leaves out 1."


def test_an_interval_without_an_end_does_not_stretch_the_axis(ratios: pd.DataFrame):
    ax = plot.interval_dots(ratios.assign(high=[np.inf, 1.05]), xlabel="Rate ratio")
    assert ax.get_xlim()[1] < 12


def test_a_cell_with_too_few_cases_shows_no_value():
    frame = pd.DataFrame(
        {"region": ["a", "b"], "product": ["x", "x"], "ratio": [9.87, 1.0], "n": [5, 500]}
    )
    ax = plot.heat_map(frame, row="region", column="product", min_n=30, label="Ratio")
    texts = {text.get_text() for text in ax.texts}
    assert "9.87" not in texts
    assert {"1.00", "5", "500"} <= texts


def test_a_province_with_too_few_cases_shows_no_value(provinces: list[Region]):
    ax = plot.tile_map(provinces, {"CN-44": 1.2, "CN-54": 9.0}, n={"CN-44": 99}, min_n=30)
    texts = [text.get_text() for text in ax.texts]
    assert "1.20" in texts
    assert "9.00" not in texts


def test_a_map_writes_a_name_of_two_words_on_two_lines(provinces: list[Region]):
    ax = plot.tile_map(provinces, {"CN-44": 1.2, "CN-15": 0.8}, label="Ratio")
    assert {"Inner", "Mongolia"} <= {text.get_text() for text in ax.texts}
    assert plot.alt_text(ax.figure) == (
        "Ratio in 2 regions. "
        "The highest is 1.20× in Guangdong, the lowest 0.800× in Inner Mongolia."
    )


def test_regions_without_a_place_on_the_map_become_a_list_of_bars(provinces: list[Region]):
    unplaced = [Region(r.id, r.level, r.names) for r in provinces]
    ax = plot.tile_map(unplaced, {"CN-44": 1.2, "CN-15": 0.8}, label="Ratio")
    assert [t.get_text() for t in ax.get_yticklabels()] == ["Guangdong", "Inner Mongolia"]


def test_a_map_without_any_value_is_drawn(provinces: list[Region]):
    assert plot.figure_svg(plot.tile_map(provinces, {}, label="Ratio").figure)


def test_a_pareto_joins_what_comes_after_the_twelfth():
    frame = pd.DataFrame({"name": [f"p{i}" for i in range(20)], "count": range(20, 0, -1)})
    ax = plot.pareto(frame, xlabel="Cases")
    names = [t.get_text() for t in ax.get_yticklabels()]
    assert (len(names), names[0], names[-1]) == (13, "p0", "8 others")


def test_withheld_scores_are_not_drawn():
    draw, frame = CHARTS["score_dots"]
    ax = draw(frame.assign(withheld=[True, False]))
    assert "too few answers" in [text.get_text() for text in ax.texts]
    assert "1 group is too small to show." in plot.alt_text(ax.figure)
