"""From a figure to bytes: the same frame gives the same bytes, and every font can be embedded by a publisher."""

from __future__ import annotations

import hashlib
import io
import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, get_args
from weakref import WeakKeyDictionary

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_pdf import PdfFile
from matplotlib.backends.backend_pgf import FigureCanvasPgf
from matplotlib.figure import Figure as Drawing

from reports.figures.figure import Figure
from reports.figures.spelling import spell
from reports.figures.style import HOUSE, Page, printed_on
from reports.records.store import write_atomically
from reports.records.workers import Call, OneByOne, Workers

Format = Literal["pdf", "svg", "png", "pgf"]
ALL_FORMATS: tuple[Format, ...] = get_args(Format)
FORMATS: tuple[Format, ...] = ("pdf", "svg")
_DOTS_PER_INCH = 200
_LEAST = 1e-150  # matplotlib looks for marks as far beyond the ends of an axis as they are apart
# Type 42 (TrueType) is what venues accept; a fixed salt makes the ids inside an SVG the same every time
_FILES: dict[Any, Any] = {
    "pdf.fonttype": 42,
    "ps.fonttype": 42,
    "svg.hashsalt": "meta-fedavg-bounds",
    "svg.fonttype": "path",
    "pdf.compression": 9,
    "pgf.texsystem": "pdflatex",
    "pgf.rcfonts": False,  # the document that reads the file brings its own fonts
}
_UNDATED: dict[str, dict[str, Any]] = {
    "pdf": {"CreationDate": None, "ModDate": None, "Producer": None, "Creator": None},
    "svg": {"Date": None, "Creator": None},
    "png": {"Software": None},
    "pgf": {},
}


def image(figure: Figure, format: Format, *, page: Page = HOUSE) -> bytes:
    """The figure as a file of a format, printed on a page, without dates or versions in it."""
    return next(_images(figure, [format], page))


def write_figures(
    figures: Sequence[Figure],
    folder: Path,
    formats: Sequence[Format] = FORMATS,
    page: Page = HOUSE,
    workers: Workers | None = None,
) -> list[Path]:
    """Write every figure in every format, each file whole or not at all; the paths written."""
    written = []
    calls = [Call(drawn, (figure, tuple(formats), page)) for figure in figures]
    for place, files in (workers or OneByOne()).run(calls):
        figure = figures[place]
        for format, data in zip(formats, files, strict=True):
            if format == "svg" and page is HOUSE:
                _house_svgs[figure] = data
            path = folder / f"{figure.name}.{format}"
            write_atomically(path, data)
            written.append(path)
    return written


def drawn(figure: Figure, formats: Sequence[Format], page: Page) -> list[bytes]:
    """One figure as files; what a worker process is asked for."""
    return list(_images(figure, formats, page))


def _images(figure: Figure, formats: Iterable[Format], page: Page) -> Iterator[bytes]:
    """One drawing, laid out once, serves all formats but PGF, whose texts are as wide as LaTeX sets them."""
    drawings: dict[bool, Drawing] = {}
    for format in formats:
        by_latex = format == "pgf"
        with _settings(page):
            if by_latex not in drawings:
                drawings[by_latex] = laid_out(figure, page, by_latex=by_latex)
            data = _saved(drawings[by_latex], figure.title, format)
        if format == "svg" and page is HOUSE:
            _house_svgs[figure] = data
        yield data


# the report's own page shows what the figures folder holds: drawn once, dropped with the figure
_house_svgs: WeakKeyDictionary[Figure, bytes] = WeakKeyDictionary()


def house_svg(figure: Figure) -> bytes:
    """The figure as the house SVG file; where that was written before, those bytes."""
    return _house_svgs.get(figure) or image(figure, "svg")


@contextmanager
def _settings(page: Page) -> Iterator[None]:
    with matplotlib.rc_context(), _steady_font_names(), _dates_of_fonts_untold():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(page.settings | _FILES)
        yield


@contextmanager
def _steady_font_names() -> Iterator[None]:
    """matplotlib names the subset of a Type 1 font after an address in memory; here it is named after its glyphs."""
    original = PdfFile._get_subset_prefix

    def prefix(charset: Iterable[object]) -> str:
        glyphs = " ".join(sorted(map(repr, charset)))
        return original(int.from_bytes(hashlib.blake2b(glyphs.encode(), digest_size=7).digest(), "big"))

    PdfFile._get_subset_prefix = staticmethod(prefix)
    try:
        yield
    finally:
        PdfFile._get_subset_prefix = staticmethod(original)


_FONT_HEADS = logging.getLogger("fontTools.ttLib.tables._h_e_a_d")


@contextmanager
def _dates_of_fonts_untold() -> Iterator[None]:
    """fontTools warns of a font that counts its dates from 1970 and not from 1904; no file that is written has them."""

    def told(record: logging.LogRecord) -> bool:
        return "timestamp" not in record.getMessage()

    _FONT_HEADS.addFilter(told)
    try:
        yield
    finally:
        _FONT_HEADS.removeFilter(told)


def laid_out(figure: Figure, page: Page, *, by_latex: bool = False) -> Drawing:
    """The drawing with its layout done and fixed, so that no format lays it out or draws it once more for that.

    by_latex: LaTeX measures the texts, in the type that the page's documents have.
    """
    with printed_on(page):
        drawing = figure.draw(figure.frame)
    for axes in drawing.axes:
        _within_floats(axes)
    spell(drawing, by_latex=by_latex or bool(page.settings.get("text.usetex")))
    if by_latex:
        FigureCanvasPgf(drawing)
    engine = drawing.get_layout_engine()
    if engine is not None:
        engine.execute(drawing)
        drawing.set_layout_engine(None)  # with matplotlib's defaults: none
    return drawing


def _within_floats(axes: Axes) -> None:
    """Marks of logarithmic axes must be floats: what lies nearer to the ends of float64 is left out of the picture."""
    for name in ("x", "y"):
        low, high = getattr(axes, f"get_{name}lim")()
        if getattr(axes, f"get_{name}scale")() == "log" and (low < _LEAST or high > 1 / _LEAST):
            ends = (min(max(end, _LEAST), 1 / _LEAST) for end in (low, high))
            getattr(axes, f"set_{name}lim")(*ends)


def _saved(drawing: Drawing, title: str, format: Format) -> bytes:
    metadata = _UNDATED[format] | ({"Title": title} if format in ("pdf", "svg") else {})
    backend: dict[str, Any] = {"metadata": metadata} if metadata else {}
    buffer = io.BytesIO()
    drawing.savefig(buffer, format=format, facecolor="white", dpi=_DOTS_PER_INCH, **backend)
    return _self_contained(buffer.getvalue().decode()).encode() if format == "pgf" else buffer.getvalue()


_PGF_HEAD = """% \\input this file in a document that loads pgf and amsmath.
\\begingroup%
\\providecommand{\\mathdefault}[1]{#1}%
"""
_PGF_BOX = r"\pgfusepath{use as bounding box, clip}"
_LONG_NUMBER = re.compile(r"(\d\.\d{4})\d+(?=in\b)")


def _self_contained(pgf: str) -> str:
    """PGF that needs no preamble beyond its packages: what matplotlib asks for is defined.

    The figure's box cuts nothing off: in a document of wider type than the one it was laid out for a text reaches over
    it, but is whole. Coordinates keep a ten-thousandth of an inch.
    """
    body = pgf[pgf.index("\\begingroup%\n") + len("\\begingroup%\n") :]
    assert body.count(_PGF_BOX) == 1, "matplotlib opens a picture with its bounding box"
    return _PGF_HEAD + _LONG_NUMBER.sub(r"\1", body.replace(_PGF_BOX, r"\pgfusepath{use as bounding box}"))
