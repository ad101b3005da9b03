"""How objects show themselves in a notebook: names as LaTeX, and small tables."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

_GREEK = {"alpha", "beta", "delta", "gamma", "mu", "nu", "rho", "sigma", "tau"}


def symbol(name: str) -> str:
    r"""A constant's name as LaTeX.

    >>> symbol("gamma_G"), symbol("rho"), symbol("L")
    ('\\gamma_{G}', '\\rho', 'L')
    """
    stem, _, index = name.partition("_")
    letter = rf"\{stem}" if stem in _GREEK else stem
    return f"{letter}_{{{index}}}" if index else letter


def html_table(caption: str, lines: Iterable[tuple[object, ...]]) -> str:
    """A table whose first column heads the lines.

    >>> html_table("n < 3", [("L", 1)])
    '<table><caption>n &lt; 3</caption><tr><th>L</th><td>1</td></tr></table>'
    """
    rows = (
        f"<tr><th>{escape(str(head))}</th>{''.join(f'<td>{escape(str(cell))}</td>' for cell in cells)}</tr>"
        for head, *cells in lines
    )
    return f"<table><caption>{escape(caption)}</caption>{''.join(rows)}</table>"
