"""The pages of venues: text width, column width, type and its sizes, by tueplots where it knows them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from reports.figures.style import SINGLE, TEXT, Page
from theory.language.errors import near

_SERIES = re.compile(r"([a-z]+)(\d{4})")
# type without LaTeX, by what the venue's style file loads: fonts that ship with matplotlib. STIX resembles Times, whose
# packages leave formulas in Computer Modern; for Palatino matplotlib has no font, and STIX stands in. Its sans serif of
# Computer Modern has no minus sign: the serif stands in.
_TIMES = {"font.family": "STIXGeneral", "mathtext.fontset": "cm"}
_MODERN = {"font.family": ["cmr10", "STIXGeneral"], "mathtext.fontset": "cm"}
# IEEE conferences and transactions: 21 pica columns in a text block of 43 pica, captions of 8 points
_PICA = 1 / 6.0225
_IEEE = Page("ieee", 43 * _PICA, 21 * _PICA, 21 * _PICA, size=8.0, small=7.0, parameters=_TIMES,
             preamble=r"\usepackage{times}")  # fmt: skip


class VenueError(ValueError):
    """A venue whose page is not known, with those that are."""


def venue_names() -> list[str]:
    """Every venue by its name without a year.

    >>> {"aistats", "iclr", "icml", "ieee", "jmlr", "neurips", "tmlr"} <= set(venue_names())
    True
    """
    return sorted({"ieee"} | {match[1] for match in _bundles().values()})


def venue_page(name: str, *, usetex: bool = False) -> Page:
    """The page of a venue by its name; without a year the newest that tueplots knows.

    A figure of one panel takes one column where the venue has two, else its usual share of the text width. Type ships
    with matplotlib and resembles the venue's: STIX for Times, Computer Modern itself. With usetex it is the venue's
    own, set by LaTeX; PGF files take the type of the document in any case.

    >>> venue_page("neurips").text, round(venue_page("ieee").column, 2), venue_page("icml").column
    (5.5, 3.49, 3.25)

    Raises:
        VenueError: the venue is not known.
    """
    if name.lower() == "ieee":
        return typeset(_IEEE) if usetex else _IEEE
    found = [bundle for bundle, match in _bundles().items() if name.lower() in (bundle, match[1])]
    if not found:
        known = venue_names()
        raise VenueError(f"venue {name}: unknown{near(name, known)}; expected one of {', '.join(known)}")
    page = _bundle_page(max(found))
    return typeset(page) if usetex else page


def typeset(page: Page) -> Page:
    """The page with every text set by LaTeX."""
    return replace(page, parameters={"text.usetex": True, "font.family": "serif"})


def _bundles() -> dict[str, re.Match[str]]:
    from tueplots import bundles

    matches = ((name, _SERIES.fullmatch(name)) for name in dir(bundles))
    return {name: match for name, match in matches if match}


def _bundle_page(bundle: str) -> Page:
    from inspect import signature

    from tueplots import bundles

    make: Any = getattr(bundles, bundle)
    two_columns = "column" in signature(make).parameters
    wide = make(column="full") if two_columns else make()
    text = float(wide["figure.figsize"][0])
    column = float(make(column="half")["figure.figsize"][0]) if two_columns else text
    return Page(
        bundle,
        text,
        column,
        column if two_columns else text * SINGLE / TEXT,
        float(wide["axes.labelsize"]),
        float(wide["legend.fontsize"]),
        _type(wide),
        wide.get("text.latex.preamble", ""),
    )


def _type(bundle: dict[str, Any]) -> dict[str, Any]:
    """The type that ships with matplotlib and is nearest to what a bundle has LaTeX load."""
    preamble = bundle.get("text.latex.preamble", "")
    if "times" in preamble or "ptm" in preamble:
        return _TIMES
    return {} if "mathpazo" in preamble else _MODERN
