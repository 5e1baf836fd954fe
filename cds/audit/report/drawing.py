"""Figures as SVG that stands in a page: the same bytes for the same figure, and words for those who cannot see it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any
from xml.etree import ElementTree as ET

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

WIDTH = 9.2
"""Inches; the page scales it."""
INK, GREY, PALE = "#1f2933", "#6b7785", "#d9dee4"
FINE, WARNING, CRITICAL = "#0b5cad", "#b45309", "#b3123c"
"""Blue, amber, crimson: apart for the colour-blind too, and never told by colour alone."""
WINDOW = "#cfe3f7"

_STYLE: Any = {
    # text stays text, and ids are made from the figure, not from chance
    "svg.fonttype": "none",
    "svg.hashsalt": "nusinersen-cds",
    "font.family": ["DejaVu Sans"],
    "font.size": 9.5,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": GREY,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid.axis": "y",
    "grid.color": PALE,
    "hatch.linewidth": 0.6,
    "legend.frameon": False,
}
_NAMESPACE = re.compile(r"\{[^}]*\}")


@contextmanager
def style() -> Iterator[None]:
    """How all figures look, whatever the settings of the machine are."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        yield


def figure(height: float) -> Figure:
    """An empty figure of the width of the page, so high in inches."""
    return Figure(figsize=(WIDTH, height), layout="constrained")


def whole_numbers(axis: Any) -> None:
    """Ticks at whole numbers only."""
    axis.set_major_locator(MaxNLocator(integer=True, nbins=5))


def inline(drawn: Figure, name: str, title: str, words: str) -> str:
    """The figure as an `svg` element to stand in HTML. `name` is its own among those of the page; `title` and `words`
    say what it shows."""
    written = BytesIO()
    drawn.savefig(written, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    root = ET.fromstring(written.getvalue())  # noqa: S314  our own figure
    for element in root.iter():
        element.tag = _NAMESPACE.sub("", element.tag)
        named = ((_NAMESPACE.sub("", key), value) for key, value in element.attrib.items())
        element.attrib = {key: _own(key, value, name) for key, value in named}
    for metadata in root.findall("metadata"):
        root.remove(metadata)
    size = root.attrib["viewBox"]
    root.attrib = {
        "viewBox": size, "role": "img", "aria-labelledby": f"{name}-title {name}-words", "focusable": "false",
    }  # fmt: skip
    for number, (tag, text) in enumerate((("title", title), ("desc", words))):
        element = ET.Element(tag, {"id": f"{name}-{'words' if number else 'title'}"})
        element.text = text
        root.insert(number, element)
    return ET.tostring(root, encoding="unicode")


def _own(key: str, value: str, name: str) -> str:
    """An attribute with the ids in it made those of this figure."""
    if key == "id":
        return f"{name}-{value}"
    return value.replace("#", f"#{name}-", 1) if key == "href" else value.replace("url(#", f"url(#{name}-")
