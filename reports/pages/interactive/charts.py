"""The interactive plots as Vega-Lite specifications."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from reports.figures.by_steps import is_witness
from reports.figures.modes import MODE_NAMES
from reports.figures.selection import distinct, positive, values

# Okabe-Ito, dark enough on white, and a shape of its own for each mode
_COLOURS = ("#1a1a19", "#0072B2", "#D55E00", "#A86B00", "#009E73", "#A6427C")
_SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")
_WIDTH = 760
_REACH = 20
_FONT = "Palatino Linotype, Palatino, URW Palladio L, Georgia, DejaVu Serif, serif"
_LOOSEST = 1e-6
_RATIO = f"measured / predicted (dimensionless; below {_LOOSEST:g} at the edge)"
_TOOLTIP = [f"{name}:N" for name in ("bound", "quantity", "task", "mode", "verdict")]
_TOOLTIP += [f"{name}:Q" for name in ("nu", "measured", "predicted", "tightness")]


def specifications(rows: pd.DataFrame, runs: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """The plots as Vega-Lite specifications by their titles; one without data is left out."""
    made = {}
    if len(rows):
        made["Measured against predicted"] = _comparison(rows)
        made["Tightness by statement"] = _tightness(rows)
    if len(runs):
        made["Squared meta-gradient along the rounds"] = _rounds(runs)
    return made


def _comparison(rows: pd.DataFrame) -> dict[str, Any]:
    import altair as alt

    shown = positive(rows, "measured", "predicted")
    bound, task = _choice("Bound", distinct(rows, "bound")), _choice("Task", distinct(rows, "task"))
    ends = [values(shown, "predicted").min(), values(shown, "predicted").max()]
    equal = alt.Chart(alt.InlineData(values=[{"at": end} for end in ends])).mark_line(color="#8a8a88", strokeWidth=1)
    points = (
        _points(shown, opacity=0.85)
        .encode(
            x=alt.X("predicted:Q", scale=alt.Scale(type="log"), title="predicted (each in its own unit)"),
            y=alt.Y("measured:Q", scale=alt.Scale(type="log"), title="measured (the same unit)"),
        )
        .transform_filter(_is(bound, "bound"))
        .transform_filter(_is(task, "task"))
    )
    line = equal.encode(x=alt.X("at:Q", scale=alt.Scale(type="log")), y=alt.Y("at:Q", scale=alt.Scale(type="log")))
    chart = (line + points).add_params(bound, task, alt.selection_interval(bind="scales"))
    return _finished(
        chart, 420, "Scatter plot, measured against predicted, logarithmic; on the line a bound is attained"
    )


def _tightness(rows: pd.DataFrame) -> dict[str, Any]:
    import altair as alt

    shown = positive(rows, "tightness")
    mode = alt.selection_point(fields=["mode"], bind="legend")
    order = distinct(rows, "bound")
    chart = (
        _points(shown)
        .encode(
            x=alt.X("tightness:Q", scale=alt.Scale(type="log", domain=[_LOOSEST, 1], clamp=True), title=_RATIO),
            y=alt.Y("bound:N", sort=order, title=None),
            opacity=alt.condition(mode, alt.value(0.85), alt.value(0.06)),
        )
        .add_params(mode)
    )
    return _finished(chart, max(120, 19 * len(order)), "Strip plot, one line a statement, tightness across")


def _rounds(runs: pd.DataFrame) -> dict[str, Any]:
    import altair as alt

    # witnesses last: their runs are of a few rounds
    names = sorted(distinct(runs, "run"), key=is_witness)
    run = alt.param("Run", value=names[0], bind=alt.binding_select(options=names, name="Run "))
    chosen = alt.Chart(_values(runs)).transform_filter("datum.run === Run")
    x = alt.X("k:Q", scale=alt.Scale(type="log"), title="round k (dimensionless)")
    title = "mean squared meta-gradient ([F]²[W]⁻²)"
    y = alt.Y("measured:Q", scale=alt.Scale(type="log"), title=title)
    # a lower limit at or below zero has no place on a logarithmic axis: the band then ends far below the mean
    reaching = chosen.transform_calculate(floor=f"max(datum.lower, datum.measured / {_REACH})")
    band = reaching.mark_area(color="#7f7f7d", opacity=0.35).encode(x=x, y="floor:Q", y2="upper:Q")
    measured = chosen.mark_line(color="#1a1a19", point=True).encode(
        x=x, y=y, tooltip=["k:Q", "measured:Q", "lower:Q", "upper:Q", "bound:Q"]
    )
    bound = chosen.mark_line(color="#0072B2", strokeDash=[5, 2]).encode(x=x, y="bound:Q")
    chart = (band + bound + measured).add_params(run)
    return _finished(
        chart, 330, "Measured mean with its confidence band (black) and the right side of T2 (blue, dashed)"
    )


def _values(frame: pd.DataFrame) -> Any:
    import altair as alt

    return alt.InlineData(values=json.loads(str(frame.to_json(orient="records", double_precision=15))))


def _choice(label: str, names: list[str]) -> Any:
    import altair as alt

    select = alt.binding_select(options=[None, *names], labels=["all", *names], name=f"{label} ")
    return alt.param(f"Chosen{label}", bind=select, value=None)


def _is(parameter: Any, field: str) -> str:
    return f"{parameter.name} === null || datum.{field} === {parameter.name}"


def _points(frame: pd.DataFrame, **look: Any) -> Any:
    """Points by a colour and a shape for each mode, which say what they are and lead to their rows."""
    import altair as alt

    domain = list(MODE_NAMES.values())
    return (
        alt.Chart(_values(frame))
        .mark_point(filled=True, size=42, **look)
        .encode(
            color=alt.Color("mode:N", title="mode", scale=alt.Scale(domain=domain, range=_COLOURS)),
            shape=alt.Shape("mode:N", title="mode", scale=alt.Scale(domain=domain, range=_SHAPES)),
            tooltip=_TOOLTIP,
            href="link:N",
        )
    )


def _finished(chart: Any, height: int, words: str) -> dict[str, Any]:
    made = (
        chart.properties(width=_WIDTH, height=height, description=words)
        .configure(background="transparent", font=_FONT)
        .configure_view(stroke=None)
    )
    return made.configure_axis(grid=False, labelFontSize=12, titleFontSize=13, titleFontWeight="normal").to_dict()
