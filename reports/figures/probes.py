"""The error of the Hessian-free meta-gradient against the probe length: bound, exact error, and rounding (S9)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pandas as pd
from matplotlib.figure import Figure as Drawing

from reports.figures.figure import Figure, MissingDataError
from reports.figures.labels import axis_label, mathtext, setting_latex, setting_words, short, symbol, unit
from reports.figures.looks import FLOATING, INK, MEASURED, PREDICTED
from reports.figures.panels import label_ends, log_limits
from reports.figures.selection import distinct, groups, known, lines, positive
from reports.figures.style import SINGLE, canvas, points, styled
from reports.judging.rows import Row

_FLOAT64_KEYS = ("float64_error", "float64")


def probe_frame(rows: Sequence[Row]) -> pd.DataFrame:
    """One line per delta on the task and setting with most of them: predicted, exact error, error in float64.

    `measured` is the row's left side, enclosed in ball arithmetic, so without rounding; `float64` is the same
    difference as float64 computes it (NaN where the row has no such witness).
    """
    found = [
        {
            "task": row.task,
            "nu": row.nu,
            "alpha": row.alpha,
            "delta": float(Fraction(row.inputs["delta"])),
            "predicted": row.predicted,
            "measured": row.measured,
            "float64": _in_float64(row),
            "row_id": row.row_id,
        }
        for row in rows
        if row.bound == "S9" and row.quantity == "b_HF" and "delta" in row.inputs and row.measured is not None
    ]
    if not found:
        raise MissingDataError("no row of S9 with a measured error")
    frame = pd.DataFrame(found).astype({column: "float64" for column in ("predicted", "measured", "float64")})
    _, best = max(groups(frame, ["task", "nu", "alpha"], sort=True), key=lambda setting: _merit(setting[1]))
    if len(distinct(best, "delta")) < 2:
        raise MissingDataError("rows of S9 at two values of delta or more on one task")
    chosen = best.sort_values(["delta", "measured"], kind="stable")
    return chosen.drop_duplicates("delta", keep="last").reset_index(drop=True)


def _in_float64(row: Row) -> float | None:
    found = [(row.witness or {}).get(key) for key in _FLOAT64_KEYS]
    return next((float(value) for value in found if isinstance(value, int | float)), None)


def _merit(group: pd.DataFrame) -> tuple[bool, int, int]:
    return len(positive(group, "predicted")) > 0, len(distinct(group, "delta")), len(known(group, "float64"))


def best_probe(frame: pd.DataFrame) -> dict[str, Any] | None:
    """The line with the smallest error in float64, None where float64 was not recorded."""
    return min(lines(positive(frame, "float64")), key=lambda line: line["float64"], default=None)


def probe_figure(rows: Sequence[Row]) -> Figure:
    """Figure `hessian_free`: as delta falls the error falls with its bound, until rounding drives it up again.

    Raises MissingDataError without rows of S9 at two values of delta on one task.
    """
    frame = probe_frame(rows)
    first, *_, last = lines(frame)
    caption = (
        f"Error of the Hessian-free meta-gradient against the probe length $\\delta$ ({setting_latex(first)}): the "
        "right side of S9 (squares), the error free of rounding (dots), and the error that float64 makes (crosses), "
        "which rounding drives up again as $\\delta$ falls."
    )
    alt = (
        f"One logarithmic panel, delta from {short(first['delta'])} to {short(last['delta'])} across, error upwards, "
        f"on {setting_words(first)}. "
        f"Predicted from {short(first['predicted'])} to {short(last['predicted'])}; error free of rounding from "
        f"{short(first['measured'])} to {short(last['measured'])}."
    )
    best = best_probe(frame)
    if best is not None:
        delta, error = best["delta"], best["float64"]
        caption += f" Of the values tried, {mathtext(delta)} is best, with an error of {mathtext(error)}."
        alt += f" In float64 the error is smallest, {short(error)}, at delta = {short(delta)}."
    return Figure("hessian_free", "Error of the Hessian-free meta-gradient", caption, alt, frame, draw_probes, ("S9",))


@styled
def draw_probes(frame: pd.DataFrame) -> Drawing:
    """The single panel of `probe_frame`, lines labelled at their right end."""
    drawing = canvas(SINGLE, 2.7)
    axes = drawing.subplots()
    axes.set_xscale("log")
    log_limits(axes, frame["predicted"], frame["measured"], frame["float64"])
    ends = []
    for column, look, text, color in (
        ("predicted", PREDICTED, f"predicted {symbol('b_HF')}", PREDICTED.color),
        ("float64", FLOATING, "measured in float64", "#a86b00"),  # a darker orange: letters are thin
        ("measured", MEASURED, "measured, no rounding", MEASURED.color),
    ):
        line = positive(frame, column)
        if len(line):
            axes.plot(line["delta"], line[column], **look.keywords())
            ends.append((line[column].iloc[-1], text, color))
    best = best_probe(frame)
    if best is not None:
        at = best["delta"], best["float64"]
        ring = {"markersize": 9, "markerfacecolor": "none", "markeredgecolor": INK, "markeredgewidth": 0.8}
        axes.plot(*at, marker="o", **ring)
        axes.annotate(
            f"best $\\delta$: {mathtext(at[0])}", at, xytext=(7, -4), textcoords="offset points", ha="left", va="top",
            fontsize=points(7.5),
        )  # fmt: skip
    label_ends(axes, ends)
    axes.set_xlabel(axis_label("probe length", "delta"))
    axes.set_ylabel(f"$\\|g_i - \\nabla F_i\\|$  ({unit('b_HF')})")
    return drawing
