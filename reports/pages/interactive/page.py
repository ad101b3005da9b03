"""The page of the interactive plots: it asks for nothing, and every number is in a table as well."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from typing import Any

import pandas as pd
from markupsafe import Markup

from reports.figures.selection import lines
from reports.judging.rows import Row
from reports.pages.html import number
from reports.pages.interactive.charts import specifications
from reports.pages.interactive.frames import rows_frame, runs_frame
from reports.pages.templating import environment, script_hash, source

_NEEDS = ("altair", "vl_convert")
_SETUP = """
specifications.forEach((specification, place) =>
  vegaEmbed(`#plot-${place + 1}`, specification, { actions: false, renderer: "svg", mode: "vega-lite" }));
"""


def available() -> bool:
    """Whether what the plots need, the extra interactive, is installed."""
    return all(find_spec(name) is not None for name in _NEEDS)


def interactive_page(rows: Sequence[Row], curves: pd.DataFrame, title: str) -> str:
    """The page as HTML text; its scripts are inside it.

    Raises ImportError where `available` is false.
    """
    frame, runs = rows_frame(rows), runs_frame(curves)
    made = specifications(frame, runs)
    scripts = [_library(), f"const specifications = {_embedded(list(made.values()))};{_SETUP}"]
    templates = environment(autoescape=True)
    templates.filters["number"] = number
    return templates.get_template("interactive.html.j2").render(
        title=title,
        charts=list(made),
        rows=lines(frame),
        runs=lines(runs.sort_values("k", kind="stable").drop_duplicates("run", keep="last").sort_index()),
        style=source("page.css"),
        scripts=[Markup(script) for script in scripts],
        hashes=[script_hash(script) for script in scripts],
    )


@cache
def _library() -> str:
    """Vega, Vega-Lite and vega-embed in one script."""
    import vl_convert

    return vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")


def _embedded(value: Any) -> str:
    """JSON that may stand inside a script element whatever texts it holds."""
    return json.dumps(value, ensure_ascii=True, allow_nan=False).replace("<", "\\u003c")
