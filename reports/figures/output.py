"""From a figure to bytes: the same frame gives the same bytes, and every font can be embedded by a publisher."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, get_args
from weakref import WeakKeyDictionary
from xml.sax.saxutils import escape

import matplotlib
from matplotlib.backends.backend_pdf import PdfFile
from matplotlib.figure import Figure as Drawing

from reports.figures.figure import Figure
from reports.figures.style import HOUSE, INK, TEXT, Page, printed_on
from reports.store import write_atomically

Format = Literal["pdf", "svg", "png", "pgf"]
ALL_FORMATS: tuple[Format, ...] = get_args(Format)
FORMATS: tuple[Format, ...] = ("pdf", "svg")
_DOTS_PER_INCH = 200
# colours that a dark page lightens: it sets --c-0072b2 and so on, a page that does not gets the colour itself
_THEMED = ("#0072b2", "#d55e00", "#009e73", "#a6427c", "#8a8a88", "#a86b00")
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
    figures: Sequence[Figure], folder: Path, formats: Sequence[Format] = FORMATS, page: Page = HOUSE
) -> list[Path]:
    """Write every figure in every format, each file whole or not at all; the paths written."""
    written = []
    for figure in figures:
        for format, data in zip(formats, _images(figure, formats, page), strict=True):
            path = folder / f"{figure.name}.{format}"
            write_atomically(path, data)
            written.append(path)
    return written


def _images(figure: Figure, formats: Iterable[Format], page: Page) -> Iterator[bytes]:
    """One drawing, laid out once, serves all formats."""
    with _settings(page):
        drawing = _laid_out(figure, page)
    for format in formats:
        with _settings(page):
            data = _saved(drawing, figure.title, format)
        if format == "svg" and page is HOUSE:
            _house_svgs[figure] = data
        yield data


# the report's own page shows what the figures folder holds: drawn once, dropped with the figure
_house_svgs: WeakKeyDictionary[Figure, bytes] = WeakKeyDictionary()


@contextmanager
def _settings(page: Page) -> Iterator[None]:
    with matplotlib.rc_context(), _steady_font_names():
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


def _laid_out(figure: Figure, page: Page) -> Drawing:
    """The drawing with its layout done and fixed, so that no format lays it out or draws it once more for that."""
    with printed_on(page):
        drawing = figure.draw(figure.frame)
    engine = drawing.get_layout_engine()
    if engine is not None:
        engine.execute(drawing)
        drawing.set_layout_engine(None)  # with matplotlib's defaults: none
    return drawing


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
_TEXT_STARTS = r"\def%{\%}"


def _self_contained(pgf: str) -> str:
    """PGF that needs no preamble beyond its packages: what matplotlib asks for is defined, underscores are letters."""
    body = pgf[pgf.index("\\begingroup%\n") + len("\\begingroup%\n") :]
    return _PGF_HEAD + "\n".join(_letters(line) for line in body.split("\n"))


def _letters(line: str) -> str:
    head, start, text = line.rpartition(_TEXT_STARTS)
    parts = text.split("$")
    if not (start and line.startswith("\\pgftext")):
        return line
    plain = [part if place % 2 else re.sub(r"(?<!\\)_", r"\\_", part) for place, part in enumerate(parts)]
    return head + start + "$".join(plain)


def _shorter(attribute: re.Match[str]) -> str:
    """A coordinate attribute with two decimals and no more blanks than it needs; scales and transforms stay exact."""
    numbers = re.sub(r"-?\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip("."), attribute[2])
    tight = re.sub(r"\s*([A-Za-z])\s*", r"\1", numbers) if attribute[1] == "d" else numbers
    return f'{attribute[1]}="{tight.strip()}"'


_OUTLINE = re.compile(r'<path id="([^"]+)" ([^>]*)/>')


def share_outlines(svgs: Sequence[str]) -> list[str]:
    """The SVG elements of one page with each letter's outline defined once, in the first element that uses it.

    >>> share_outlines(['<path id="a" d="M0 0"/><use href="#a"/>', '<path id="b" d="M0 0"/><use href="#b"/>'])
    ['<path id="a" d="M0 0"/><use href="#a"/>', '<use href="#a"/>']
    """
    first: dict[str, str] = {}
    shared = []
    for svg in svgs:
        names = {match[1]: first.setdefault(match[2], match[1]) for match in _OUTLINE.finditer(svg)}
        renamed = {name: target for name, target in names.items() if name != target}
        kept = _OUTLINE.sub(lambda match, known=renamed: "" if match[1] in known else match[0], svg)
        shared.append(
            re.sub(r'href="#([^"]+)"', lambda link, known=renamed: f'href="#{known.get(link[1], link[1])}"', kept)
        )
    return shared


def inline_svg(figure: Figure) -> str:
    """The figure as an SVG element for a page: named for screen readers, scaling, its ink the page's text colour.
    The darker colours are custom properties, so that a dark page can lighten them.

    Ids are prefixed with the figure's name, since all figures share one page; coordinates keep two decimals
    (a hundredth of a point is below what a screen shows).
    """
    text = (_house_svgs.get(figure) or image(figure, "svg")).decode()
    body = text[text.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r"<title>.*?</title>", "", body, count=1, flags=re.DOTALL)
    body = re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL)
    body = re.sub(r'<g id="patch_1">.*?</g>', "", body, count=1, flags=re.DOTALL)  # the paper: the page has its own
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', body))
    body = re.sub(r' id="([^"]+)"', lambda name: f' id="{figure.name}-{name[1]}"' if name[1] in used else "", body)
    body = re.sub(r'xlink:href="#([^"]+)"', rf'href="#{figure.name}-\1"', body)
    body = re.sub(r"url\(#([^)]+)\)", rf"url(#{figure.name}-\1)", body)
    body = re.sub(r'\b(d|x|y|points)="([^"]+)"', _shorter, body)
    body = body.replace(INK, "currentColor")
    body = re.sub("|".join(_THEMED), lambda color: f"var(--c-{color[0][1:]}, {color[0]})", body)
    body = re.sub(r"\s*\n\s*", "\n", body)
    head = re.search(r'viewBox="([^"]+)"', body)
    assert head is not None, "matplotlib writes a viewBox"
    names = f"{figure.name}-title {figure.name}-description"
    share = 100 * float(head[1].split()[2]) / (72 * TEXT)
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{head[1]}" '
        f'role="img" aria-labelledby="{names}" style="max-width:{min(share, 100):.0f}%">'
        f'<title id="{figure.name}-title">{escape(figure.title)}</title>'
        f'<desc id="{figure.name}-description">{escape(figure.alt)}</desc>'
    )
    return opening + body[body.index(">") + 1 :].strip()
