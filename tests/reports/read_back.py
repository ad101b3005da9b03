"""What a reader of a figure's file finds: its letters and digits with their places, by other tools than wrote them."""

from __future__ import annotations

import re
import subprocess
import unicodedata
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from matplotlib import font_manager
from matplotlib.axis import Tick
from matplotlib.figure import Figure as Drawing
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text

_SVG = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}href"
HEAD = r"""\documentclass{article}
\usepackage{amsmath,pgf,%s}
\pdfpagewidth=600pt \pdfpageheight=1000pt \paperwidth=600pt \paperheight=1000pt
\hoffset=-1in \voffset=-1in \oddsidemargin=0pt \topmargin=0pt \headheight=0pt \headsep=0pt \topskip=0pt
\textwidth=600pt \textheight=1000pt \parindent=0pt \pagestyle{empty}
\begin{document}
"""
_ASIDE = 40.0  # points between a figure's box and the edges of the page that it is read back on


@dataclass(frozen=True)
class Found:
    """The letters and digits of a file, and by how many points the farthest of them lies outside the figure's box."""

    characters: Counter[str]
    outside: float


def characters(text: str) -> Counter[str]:
    """The letters and digits of a text; ligatures are the letters that they join, Greek is left out."""
    return Counter(re.findall("[0-9A-Za-z]", unicodedata.normalize("NFKD", text)))


def drawn(drawing: Drawing) -> Counter[str]:
    """The letters and digits of every text that a drawing shows; commands of formulas are none."""
    hidden = {label for tick in _hidden_ticks(drawing) for label in (tick.label1, tick.label2)}
    texts = [text for text in drawing.findobj(Text) if text not in hidden and _shown(text)]
    words = [re.sub(r"\\[A-Za-z]+", " ", text.get_text()) for text in texts]
    return sum(map(characters, words), Counter())


def _shown(text: Text) -> bool:
    axes = text.axes
    placed = axes is None or (axes.get_visible() and axes.axison) or text in axes.texts
    return text.get_visible() and placed


def _hidden_ticks(drawing: Drawing) -> Iterator[Tick]:
    """Ticks that an axis keeps and does not draw."""
    for axes in drawing.axes:
        for axis in (axes.xaxis, axes.yaxis):
            shown = set(axis._update_ticks())  # type: ignore[attr-defined]
            yield from (tick for tick in (*axis.majorTicks, *axis.minorTicks) if tick not in shown)


# --- SVG -----------------------------------------------------------------------------------------------------------


def from_svg(data: bytes) -> Found:
    """The glyphs that an SVG uses, each looked up in the font that its id names."""
    root = ElementTree.fromstring(data)
    box = [float(number) for number in root.attrib["viewBox"].split()]
    glyphs = [(_letter(name), place) for name, place in _used(root, np.eye(3)) if "-" in name]
    counted = sum((characters(letter) for letter, _ in glyphs), Counter())
    places = np.array([place for _, place in glyphs])
    beyond = np.concatenate([-places, places - box[2:]]) if len(places) else np.zeros(1)
    return Found(counted, float(beyond.max()))


def _used(element: ElementTree.Element, matrix: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    matrix = matrix @ _matrix(element.get("transform", ""))
    if element.tag == f"{_SVG}use":
        shift = [float(element.get("x", 0)), float(element.get("y", 0)), 1.0]
        yield element.attrib[_LINK][1:], (matrix @ shift)[:2]
    for child in element:
        if child.tag != f"{_SVG}defs":
            yield from _used(child, matrix)


def _matrix(transform: str) -> np.ndarray:
    whole = np.eye(3)
    for kind, values in re.findall(r"(\w+)\(([^)]*)\)", transform):
        numbers = [float(value) for value in re.split(r"[ ,]+", values.strip())]
        one = np.eye(3)
        if kind == "translate":
            one[:2, 2] = numbers if len(numbers) == 2 else (numbers[0], 0.0)
        elif kind == "scale":
            one[0, 0], one[1, 1] = numbers[0], numbers[-1]
        elif kind == "rotate":
            turn = np.deg2rad(numbers[0])
            one[:2, :2] = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
        else:
            raise ValueError(f"transform {kind}: expected translate, scale or rotate")
        whole = whole @ one
    return whole


@cache
def _fonts() -> dict[str, str]:
    return {FT2Font(entry.fname).postscript_name: entry.fname for entry in font_manager.fontManager.ttflist}


@cache
def _by_glyph(font: str) -> dict[int, str]:
    return {glyph: chr(code) for code, glyph in reversed(list(FT2Font(_fonts()[font]).get_charmap().items()))}


def _letter(name: str) -> str:
    font, _, glyph = name.rpartition("-")
    return _by_glyph(font).get(int(glyph, 16), "")


# --- PDF and PGF ---------------------------------------------------------------------------------------------------


def from_pdf(path: Path) -> list[Found]:
    """The words of each page of a PDF, as pdftotext finds them."""
    return [_on_page(page, 0.0, 0.0, None, None) for page in _pages(path)]


def from_pgf(folder: Path, pictures: list[Path], package: str) -> list[Found]:
    """The words of PGF pictures, each typeset on a page that is larger than it, in a document that loads a package."""
    aside = rf"\kern{_ASIDE}bp"
    body = "".join(
        rf"\vbox to 1000pt{{{aside}\hbox{{{aside}\input{{{path}}}}}\vss}}\newpage" + "\n" for path in pictures
    )
    (folder / "all.tex").write_text(HEAD % package + body + r"\end{document}")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, [line for line in done.stdout.splitlines() if line.startswith(("!", "l."))]
    sizes = [re.search(r"\\pgfqpoint\{([0-9.]+)in\}\{([0-9.]+)in\}", path.read_text()) for path in pictures]
    boxes = [(72 * float(size[1]), 72 * float(size[2])) for size in sizes if size]
    return [_on_page(page, _ASIDE, _ASIDE, *box) for page, box in zip(_pages(folder / "all.pdf"), boxes, strict=True)]


def _pages(path: Path) -> list[ElementTree.Element]:
    done = subprocess.run(["pdftotext", "-bbox", str(path), "-"], capture_output=True, check=True)
    text = re.sub(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]", b"", done.stdout)
    return list(ElementTree.fromstring(text).iter("{http://www.w3.org/1999/xhtml}page"))


def _on_page(page: ElementTree.Element, left: float, top: float, width: float | None, height: float | None) -> Found:
    across, down = width or float(page.attrib["width"]), height or float(page.attrib["height"])
    words = list(page)
    counted = sum((characters(word.text or "") for word in words), Counter())
    boxes = [[float(word.attrib[name]) for name in ("xMin", "yMin", "xMax", "yMax")] for word in words]
    edges = np.array(boxes) - [left, top, left, top]
    beyond = np.concatenate([-edges[:, :2], edges[:, 2:] - [across, down]])
    return Found(counted, float(beyond.max()))
