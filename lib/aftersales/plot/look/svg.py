"""A figure as SVG for pages: live text, a spoken description, few bytes, the same bytes each time.

Text is left to the reader's browser and its fonts. Ids are made from the content, so two figures
on a page never share one by accident and a figure drawn twice gives the same file.
"""

from __future__ import annotations

import hashlib
import io
import re
import xml.etree.ElementTree as ET
from weakref import WeakKeyDictionary

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from aftersales.words import say

FONTS = (
    'system-ui, -apple-system, "Segoe UI", Roboto, "PingFang SC", "Microsoft YaHei", '
    '"Noto Sans CJK SC", sans-serif'
)
_SVG_DPI, _BITMAP_DPI = 72, 108  # of matplotlib's SVG, and of layers that are bitmaps
DENSE = 2000  # points from which a layer becomes a bitmap
_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_NAMELESS = dict.fromkeys(("Date", "Creator", "Format", "Type"))
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_SPACED = re.compile(r" ?([A-Za-z]) ?")
_NUMBER = re.compile(r"-?\d+\.\d+")
_STEP = re.compile(r"([MLCQZz])([^MLCQZz]*)")
_STYLE = "height:auto;background:#fdfdfb;border-radius:6px"  # a light card on dark pages
_alts: WeakKeyDictionary[Axes, str] = WeakKeyDictionary()
_tags = {"en": "en", "zh": "zh-CN"}
_language = "en"

ET.register_namespace("", _SVG)
ET.register_namespace("xlink", _XLINK)


def use_language(language: str) -> None:
    """Name the language of the figures' text, "en" or "zh"."""
    global _language
    _language = language


def describe(ax: Axes, text: str) -> None:
    """Say in words what the axes show; a screen reader reads it in place of the figure."""
    _alts[ax] = text


def alt_text(figure: Figure) -> str:
    """The descriptions of all axes of a figure, or one made from its axis labels."""
    told = [_alts[ax] for ax in figure.axes if ax in _alts]
    if told:
        return " ".join(told)
    labels = [(ax.get_ylabel(), ax.get_xlabel()) for ax in figure.axes]
    named = next(((y, x) for y, x in labels if y and x), None)
    return say("Chart of {y} by {x}.", y=named[0], x=named[1]) if named else say("Chart.")


def figure_svg(figure: Figure) -> str:
    """The figure as one `<svg>` element that scales with the page and can be read aloud."""
    _rasterise_dense(figure)
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "aftersales"}):
        raw = _print(figure)
    root = ET.fromstring(raw)
    prefix = "f" + hashlib.sha256(raw).hexdigest()[:8] + "-"
    _rename_ids(root, prefix)
    _tidy(root)
    _dress(root, alt_text(figure))
    return ET.tostring(root, encoding="unicode")


def show_figures_as_svg() -> None:
    """In a notebook: display figures as SVG only, and print their description as plain text."""
    shell = _shell()
    if shell is None:
        return
    formatters = shell.display_formatter.formatters
    if formatters["image/svg+xml"].type_printers.get(Figure) is figure_svg:
        return
    import matplotlib.pyplot as plt

    # Load the backend now: when it loads later it resets the formats. Agg would show nothing.
    if mpl.get_backend().lower() == "agg":
        shell.enable_matplotlib("inline")
    else:
        plt.switch_backend(mpl.get_backend())
    plt.uninstall_repl_displayhook()  # it would draw every figure once more, for nobody
    for formatter in formatters.values():
        formatter.pop(Figure, None)
    formatters["image/svg+xml"].for_type(Figure, figure_svg)
    formatters["text/plain"].for_type(Figure, lambda figure, p, cycle: p.text(alt_text(figure)))


def _shell():
    try:
        from IPython import get_ipython
    except ImportError:
        return None
    return get_ipython()


def _print(figure: Figure) -> bytes:
    """The figure as matplotlib writes it.

    The same as `savefig`, which draws everything once more only to lay the figure out.
    """
    raw = io.BytesIO()
    engine, canvas, dpi = figure.get_layout_engine(), figure.canvas, figure.dpi
    printer = FigureCanvasSVG(figure)
    try:
        if engine is not None:
            figure.dpi = _SVG_DPI
            engine.execute(figure)
            figure.set_layout_engine("none")
        figure.dpi = _BITMAP_DPI
        printer.print_svg(raw, metadata=_NAMELESS)
    finally:
        figure.dpi = dpi
        figure.set_canvas(canvas)
        if engine is not None:
            figure.set_layout_engine(engine)
    return raw.getvalue()


def _rasterise_dense(figure: Figure) -> None:
    for ax in figure.axes:
        for layer in ax.collections:
            if len(layer.get_offsets()) > DENSE:
                layer.set_rasterized(True)
        for line in ax.lines:
            if len(line.get_xdata()) > DENSE:
                line.set_rasterized(True)


def _rename_ids(root: ET.Element, prefix: str) -> None:
    """Keep only ids that something refers to, and make them unique to this figure."""
    href = f"{{{_XLINK}}}href"
    used = {e.get(href, "")[1:] for e in root.iter() if e.get(href, "").startswith("#")}
    for element in root.iter():
        for value in element.attrib.values():
            used.update(_REFERENCE.findall(value))
    names = {old: f"{prefix}{n}" for n, old in enumerate(sorted(used), 1)}
    for element in root.iter():
        if (old := element.attrib.pop("id", None)) in names:
            element.set("id", names[old])
        for key, value in element.attrib.items():
            if key == href and value[1:] in names:
                element.set(key, "#" + names[value[1:]])
            elif "url(#" in value:
                element.set(key, _REFERENCE.sub(lambda m: f"url(#{names[m[1]]})", value))


def _tidy(element: ET.Element) -> None:
    """Drop global styles, fonts, empty groups and digits below a hundredth of a pixel."""
    children: list[ET.Element] = []
    for child in element:
        _tidy(child)
        name = child.tag.removeprefix(f"{{{_SVG}}}")
        if name == "style" or (name in ("g", "defs") and not len(child)):
            continue
        if name == "path" and child.attrib.keys() <= {"d", "style"} and _unseen(child):
            continue
        children += list(child) if name == "g" and not child.attrib else [child]
    for child in list(element):
        element.remove(child)
    element.extend(children)
    _shorten(element)


def _shorten(element: ET.Element) -> None:
    if not (element.text or "").strip():
        element.text = None
    element.tail = None
    if "style" in element.attrib:
        rules = [r for r in element.attrib["style"].split("; ") if not r.startswith("font-family")]
        element.set("style", ";".join(r.replace(": ", ":") for r in rules))
    if element.get("transform", "").startswith(("rotate(-0 ", "rotate(0 ")):
        del element.attrib["transform"]
    for key in {"d", "x", "y", "width", "height", "transform"} & set(element.attrib):
        value = _NUMBER.sub(_hundredths, " ".join(element.attrib[key].split()))
        element.set(key, short_path(_SPACED.sub(r"\1", value)) if key == "d" else value)


def _unseen(path: ET.Element) -> bool:
    """Whether a path has neither fill nor stroke."""
    return path.get("style", "").replace(" ", "") in ("fill:none", "fill:none;")


def short_path(d: str) -> str:
    """The same path in fewer characters: level and upright steps by one number, closed once.

    >>> short_path("M42 31L219.5 31L219.5 63L42 63L42 31z")
    'M42 31H219.5V63H42z'
    """
    steps = [(letter, rest.strip()) for letter, rest in _STEP.findall(d)]
    short, here, first = [], None, None
    for n, (letter, rest) in enumerate(steps):
        there = tuple(rest.split()) if letter in "ML" else None
        closing = n + 1 < len(steps) and steps[n + 1][0] in "zZ"
        if letter == "M":
            first = there
        if letter == "L" and closing and there == first:
            continue
        short.append(_step(letter, rest, here, there))
        here = there
    return "".join(short)


def _step(letter: str, rest: str, here: tuple | None, there: tuple | None) -> str:
    if letter == "L" and here and there and len(here) == len(there) == 2:
        if here[1] == there[1]:
            return f"H{there[0]}"
        if here[0] == there[0]:
            return f"V{there[1]}"
    return letter + rest


def _hundredths(found: re.Match) -> str:
    return f"{float(found[0]):.2f}".rstrip("0").rstrip(".")


def _dress(root: ET.Element, alt: str) -> None:
    """Size, language, font and description on the root element."""
    _, _, width, height = root.get("viewBox", "0 0 760 320").split()
    root.attrib.clear()
    root.attrib.update(
        {
            "viewBox": f"0 0 {width} {height}",
            "width": width,
            "height": height,
            "class": "aftersales-figure",
            "role": "img",
            "aria-label": alt,
            "lang": _tags.get(_language, "en"),
            "font-family": FONTS,
            "stroke-linejoin": "round",
            "style": f"max-width:min(100%,{1.08 * float(width):.0f}px);{_STYLE}",
        }
    )
    title = ET.Element(f"{{{_SVG}}}title")
    title.text = alt
    root.insert(0, title)
