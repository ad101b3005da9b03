"""From a figure to bytes: the same frame gives the same bytes, and every font can be embedded by a publisher."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal
from xml.sax.saxutils import escape

import matplotlib

from reports.figures.figure import Figure
from reports.figures.style import INK, PARAMETERS, TEXT
from reports.store import write_atomically

Format = Literal["pdf", "svg", "png"]
FORMATS: tuple[Format, ...] = ("pdf", "svg")
# colours that a dark page lightens: it sets --c-0072b2 and so on, a page that does not gets the colour itself
_THEMED = ("#0072b2", "#d55e00", "#009e73", "#a6427c", "#8a8a88", "#a86b00")
# Type 42 (TrueType) is what venues accept; a fixed salt makes the ids inside an SVG the same every time
_FILES: dict[Any, Any] = {
    "pdf.fonttype": 42,
    "ps.fonttype": 42,
    "svg.hashsalt": "meta-fedavg-bounds",
    "svg.fonttype": "path",
    "pdf.compression": 9,
}
_UNDATED: dict[str, dict[str, Any]] = {
    "pdf": {"CreationDate": None, "ModDate": None, "Producer": None, "Creator": None},
    "svg": {"Date": None, "Creator": None},
    "png": {"Software": None},
}


def image(figure: Figure, format: Format, *, background: str = "white", dpi: int = 200) -> bytes:
    """The figure as a file of a format, without dates or versions in it."""
    metadata = _UNDATED[format] | ({"Title": figure.title} if format != "png" else {})
    buffer = io.BytesIO()
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(PARAMETERS | _FILES)
        figure.draw(figure.frame).savefig(buffer, format=format, metadata=metadata, facecolor=background, dpi=dpi)
    return buffer.getvalue()


def write_figures(figures: Sequence[Figure], folder: Path, formats: Sequence[Format] = FORMATS) -> list[Path]:
    """Write every figure in every format, each file whole or not at all; the paths written."""
    written = []
    for figure in figures:
        for format in formats:
            path = folder / f"{figure.name}.{format}"
            write_atomically(path, image(figure, format))
            written.append(path)
    return written


def _shorter(attribute: re.Match[str]) -> str:
    """A coordinate attribute with two decimals; scales and transforms stay exact."""
    numbers = re.sub(r"-?\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip("."), attribute[2])
    return f'{attribute[1]}="{numbers}"'


def inline_svg(figure: Figure) -> str:
    """The figure as an SVG element for a page: named for screen readers, scaling, its ink the page's text colour.
    The darker colours are custom properties, so that a dark page can lighten them.

    Ids are prefixed with the figure's name, since all figures share one page; coordinates keep two decimals
    (a hundredth of a point is below what a screen shows).
    """
    text = image(figure, "svg", background="none").decode()
    body = text[text.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r"<title>.*?</title>", "", body, count=1, flags=re.DOTALL)
    body = re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL)
    body = re.sub(r'\bid="([^"]+)"', rf'id="{figure.name}-\1"', body)
    body = re.sub(r'href="#([^"]+)"', rf'href="#{figure.name}-\1"', body)
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
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="{head[1]}" '
        f'role="img" aria-labelledby="{names}" style="max-width:{min(share, 100):.0f}%">'
        f'<title id="{figure.name}-title">{escape(figure.title)}</title>'
        f'<desc id="{figure.name}-description">{escape(figure.alt)}</desc>'
    )
    return opening + body[body.index(">") + 1 :].strip()
