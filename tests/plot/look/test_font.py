"""Chinese labels get their room without a Chinese font."""

from __future__ import annotations

import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

from aftersales import plot
from aftersales.plot.look.font import build_widths


def _width(text: str) -> float:
    _, ax = plt.subplots()
    label = ax.set_xlabel(text, fontsize=10)
    ax.figure.draw_without_rendering()
    return label.get_window_extent().width


@pytest.mark.parametrize("text", ["故障率", "仓库出货", "𠀀𠀁", "かな", "한국", "ไทย"])
def test_every_character_without_a_glyph_is_one_em_wide(text: str):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # "Glyph ... missing from font"
        assert _width(text) == pytest.approx(10 * len(text), abs=1.5)


def test_bold_chinese_needs_no_other_font(caplog: pytest.LogCaptureFixture):
    ax = plot.new_axes()
    ax.text(0.5, 0.5, "故障率", fontweight="bold")
    plot.figure_svg(ax.figure)
    assert "findfont" not in caplog.text


def test_the_font_is_small_enough_to_make_anywhere(tmp_path: Path):
    build_widths(tmp_path / "widths.ttf")
    assert (tmp_path / "widths.ttf").stat().st_size < 2000
