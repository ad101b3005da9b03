"""The pages of venues: text width, column width and type sizes, by tueplots where it knows them."""

from __future__ import annotations

import re
from typing import Any

from reports.figures.style import SINGLE, TEXT, Page

_SERIES = re.compile(r"([a-z]+)(\d{4})")
# IEEE conferences and transactions: 21 pica columns in a text block of 43 pica, captions of 8 points
_IEEE = Page("ieee", text=43 / 6.0225, single=21 / 6.0225, size=8.0, small=7.0)
_IEEE_PREAMBLE = r"\usepackage{times}"


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

    A figure of one panel takes one column where the venue has two, else its usual share of the text width. Type is
    STIX, which resembles Times and ships with matplotlib; with usetex it is the venue's own, set by LaTeX.

    >>> venue_page("neurips").text, round(venue_page("ieee").single, 2)
    (5.5, 3.49)

    Raises:
        VenueError: the venue is not known.
    """
    if name.lower() == "ieee":
        return _with_type(_IEEE, {"text.latex.preamble": _IEEE_PREAMBLE} if usetex else {}, usetex)
    found = [bundle for bundle, match in _bundles().items() if name.lower() in (bundle, match[1])]
    if not found:
        raise VenueError(f"venue {name}: unknown; expected one of {', '.join(venue_names())}")
    return _bundle_page(max(found), usetex)


def typeset(page: Page) -> Page:
    """The page with every text set by LaTeX."""
    return _with_type(page, {}, usetex=True)


def _bundles() -> dict[str, re.Match[str]]:
    from tueplots import bundles

    matches = ((name, _SERIES.fullmatch(name)) for name in dir(bundles))
    return {name: match for name, match in matches if match}


def _bundle_page(bundle: str, usetex: bool) -> Page:
    from inspect import signature

    from tueplots import bundles

    make: Any = getattr(bundles, bundle)
    two_columns = "column" in signature(make).parameters
    wide = make(column="full") if two_columns else make()
    text = float(wide["figure.figsize"][0])
    single = float(make(column="half")["figure.figsize"][0]) if two_columns else text * SINGLE / TEXT
    page = Page(bundle, text, single, float(wide["axes.labelsize"]), float(wide["legend.fontsize"]))
    own = {key: wide[key] for key in ("font.family", "text.latex.preamble") if key in wide}
    return _with_type(page, own if usetex else {}, usetex)


def _with_type(page: Page, parameters: dict[str, Any], usetex: bool) -> Page:
    if not usetex:
        return page
    amsmath = parameters.get("text.latex.preamble", "") + r"\usepackage{amsmath}"
    own = {"text.usetex": True, "font.family": "serif"} | parameters | {"text.latex.preamble": amsmath}
    return Page(page.name, page.text, page.single, page.size, page.small, own)
