"""Figures on a page: live text, a description, the same bytes each time, nothing global."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbclient import NotebookClient

from aftersales import plot
from aftersales.plot.look.svg import short_path

TEXT = "{http://www.w3.org/2000/svg}text"


def test_text_stays_text_and_the_reader_chooses_the_font(ratios: pd.DataFrame):
    svg = plot.figure_svg(plot.interval_dots(ratios, xlabel="故障率比").figure)
    texts = ["".join(e.itertext()) for e in ET.fromstring(svg).iter(TEXT)]
    assert {"故障率比", "批次 B2407", "广东"} <= set(texts)
    assert "DejaVu" not in svg
    assert "Aftersales Widths" not in svg


def test_the_same_table_gives_the_same_bytes(ratios: pd.DataFrame):
    one, two = (plot.figure_svg(plot.interval_dots(ratios, xlabel="Ratio").figure) for _ in "ab")
    assert one == two


def test_two_figures_share_no_id(ratios: pd.DataFrame, series: pd.DataFrame):
    first = plot.figure_svg(plot.interval_dots(ratios, xlabel="Ratio").figure)
    second = plot.figure_svg(plot.control_chart(series, ylabel="Faults").figure)
    ids = [set(re.findall(r'id="([^"]+)"', svg)) for svg in (first, second)]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_every_reference_has_its_id(series: pd.DataFrame):
    svg = plot.figure_svg(plot.control_chart(series, ylabel="Faults").figure)
    ids = re.findall(r'\bid="([^"]+)"', svg)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'(?:url\(#|href="#)([^")]+)', svg)) <= set(ids)


def test_a_figure_brings_no_global_style_script_address_or_date(series: pd.DataFrame):
    svg = plot.figure_svg(plot.control_chart(series, ylabel="Faults").figure)
    for unwanted in ("<style", "<script", "<metadata", "<!DOCTYPE", "matplotlib", "dc:date"):
        assert unwanted not in svg
    assert set(re.findall(r"https?://[^\"]+", svg)) == {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }


def test_a_figure_scales_and_is_read_aloud(series: pd.DataFrame):
    ax = plot.control_chart(series, ylabel="Faults")
    plot.describe(ax, 'Faults < 5 & "stable".')
    root = ET.fromstring(plot.figure_svg(ax.figure))
    assert root.get("viewBox") == "0 0 760 320"
    assert (root.get("role"), root.get("aria-label")) == ("img", 'Faults < 5 & "stable".')
    assert root[0].text == 'Faults < 5 & "stable".'


def test_a_figure_of_ones_own_is_described_by_its_axes():
    _, ax = plt.subplots()
    ax.set(xlabel="age", ylabel="faults")
    assert plot.alt_text(ax.figure) == "Chart of faults by age."


def test_labels_lie_inside_the_figure(series: pd.DataFrame):
    ax = plot.control_chart(series, ylabel="Faults per 1,000 units in service and month")
    ax.figure.draw_without_rendering()
    box, figure = ax.get_tightbbox(), ax.figure.bbox
    assert 0 <= box.x0 < box.x1 <= figure.x1
    assert 0 <= box.y0 < box.y1 <= figure.y1


@pytest.mark.parametrize(("points", "images"), [(1000, 0), (5000, 1)])
def test_only_dense_layers_become_bitmaps(points: int, images: int):
    ax = plot.new_axes()
    ax.scatter(np.arange(points), np.arange(points))
    assert plot.figure_svg(ax.figure).count("<image") == images


CELL = """
import pandas as pd
from aftersales import plot
ax = plot.bars(pd.DataFrame({"period": pd.to_datetime(["2025-01-01"]), "count": [3]}), ylabel="n");
"""


def test_a_notebook_cell_shows_one_svg_and_its_description():
    cells = [nbformat.v4.new_code_cell(CELL), nbformat.v4.new_code_cell("ax.figure")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    for cell in notebook.cells:
        (output,) = cell.outputs
        assert set(output.data) == {"image/svg+xml", "text/plain"}
        assert output.data["text/plain"].startswith("n from Jan 2025 to Jan 2025;")


POINTS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=8)


def corners(d: str) -> list[tuple[float, float]]:
    """The points that a path of straight steps visits, back at its start when it is closed."""
    visited: list[tuple[float, float]] = []
    for letter, rest in re.findall(r"([MLHVz])([^MLHVz]*)", d):
        numbers = [float(v) for v in rest.split()] or list(visited[0])
        across = numbers[0] if letter != "V" else visited[-1][0]
        up = numbers[-1] if letter != "H" else visited[-1][1]
        visited.append((across, up))
    return visited


@given(points=POINTS, closed=st.booleans())
def test_a_shortened_path_visits_the_same_points(points, closed):
    start, *others = [f"{x} {y}" for x, y in points]
    path = f"M{start}" + "".join(f"L{p}" for p in others) + (f"L{start}z" if closed else "")
    visited = corners(path)
    if closed:  # the way back to the start is drawn once, by closing
        visited.pop()

    assert corners(short_path(path)) == visited
    assert len(short_path(path)) <= len(path)


def test_a_page_does_not_carry_what_nobody_sees(series: pd.DataFrame):
    svg = plot.figure_svg(plot.control_chart(series, ylabel="Faults").figure)

    assert 'style="fill:none"' not in svg
    assert re.search(r'd="M[\d. ]+H', svg)
