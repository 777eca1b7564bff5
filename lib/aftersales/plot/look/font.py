"""A font of widths only: it gives every character the default font lacks the room of one em.

Figures keep their text as text and the reader's browser draws it with the reader's fonts. While a
figure is laid out, though, matplotlib must know how wide a Chinese label is. This font answers
that: one blank glyph, one em wide, for every code point. It holds no shapes, so it needs no
licence and about one kilobyte.
"""

from __future__ import annotations

import dataclasses
import os
import tempfile
from functools import lru_cache
from pathlib import Path

import matplotlib
from matplotlib import font_manager

FAMILY = "Aftersales Widths"
_VERSION = 1  # part of the file name; raise it when the font changes
_EM = 1000
_LAST_CODE_POINT = 0x3FFFF  # planes above hold no letters


@lru_cache(maxsize=1)
def register_widths() -> str:
    """Make matplotlib know the font and return its family name.

    The file is written once into matplotlib's cache folder, under a temporary name first, so that
    processes starting together never read half of it.
    """
    path = Path(matplotlib.get_cachedir()) / f"aftersales-widths-{_VERSION}.ttf"
    if not path.is_file():
        _write(path)
    manager = font_manager.fontManager
    manager.addfont(path)
    manager.ttflist.append(dataclasses.replace(manager.ttflist[-1], weight=700))
    return FAMILY


def _write(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".ttf")
    os.close(handle)
    try:
        build_widths(Path(temporary))
        os.replace(temporary, path)
    finally:
        Path(temporary).unlink(missing_ok=True)


def build_widths(path: Path) -> None:
    """Write the font file: glyph 0 (missing) and one blank glyph, both one em wide."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.ttLib.tables._g_l_y_f import Glyph

    font = FontBuilder(_EM, isTTF=True)
    font.setupGlyphOrder([".notdef", "blank"])
    font.setupCharacterMap({0x20: "blank"})
    font.font["cmap"].tables = [_one_glyph_for_all()]
    font.setupGlyf({".notdef": Glyph(), "blank": Glyph()})
    font.setupHorizontalMetrics({".notdef": (_EM, 0), "blank": (_EM, 0)})
    font.setupHorizontalHeader(ascent=880, descent=-120)
    font.setupNameTable({"familyName": FAMILY, "styleName": "Regular"})
    font.setupOS2(sTypoAscender=880, sTypoDescender=-120, usWinAscent=880, usWinDescent=120)
    font.setupPost()
    font.save(path)


def _one_glyph_for_all():
    """A character map in format 13 (many code points, one glyph), a few bytes long."""
    from fontTools.ttLib.tables._c_m_a_p import cmap_format_13

    table = cmap_format_13(13)
    table.platformID, table.platEncID, table.language = 3, 10, 0
    table.reserved, table.length, table.nGroups = 0, 0, 0
    table.cmap = dict.fromkeys(range(0x20, _LAST_CODE_POINT + 1), "blank")
    return table
