"""The error of the Hessian-free meta-gradient against the probe length: bound, exact error, and rounding (S9)."""

# pandas declares a selection as any of frame, series and array; which one it is shows in the selecting expression
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure as Drawing

from reports.figures.figure import Figure, MissingDataError
from reports.figures.style import (
    FLOATING,
    INK,
    MEASURED,
    PREDICTED,
    SINGLE,
    axis_label,
    canvas,
    label_ends,
    log_limits,
    mathtext,
    points,
    setting_latex,
    short,
    styled,
    symbol,
    unit,
)
from reports.judging.rows import Row

_FLOAT64_KEYS = ("float64_error", "float64")


def probe_frame(rows: Sequence[Row]) -> pd.DataFrame:
    """One line per delta on the task and setting with most of them: predicted, exact error, error in float64.

    `measured` is the row's left side, enclosed in ball arithmetic, so without rounding; `float64` is the same
    difference as float64 computes it (NaN where the row has no such witness).
    """
    lines = [
        {
            "task": row.task,
            "nu": row.nu,
            "alpha": row.alpha,
            "delta": float(_number(row.inputs["delta"])),
            "predicted": row.predicted,
            "measured": row.measured,
            "float64": _in_float64(row),
            "row_id": row.row_id,
        }
        for row in rows
        if row.bound == "S9" and row.quantity == "b_HF" and "delta" in row.inputs and row.measured is not None
    ]
    if not lines:
        raise MissingDataError("no row of S9 with a measured error")
    frame = pd.DataFrame(lines).astype({column: "float64" for column in ("predicted", "measured", "float64")})
    settings = frame.groupby(["task", "nu", "alpha"], sort=True)
    best = max(settings.groups, key=lambda key: _merit(settings.get_group(key)))
    chosen = settings.get_group(best).sort_values(["delta", "measured"], kind="stable")
    if chosen["delta"].nunique() < 2:
        raise MissingDataError("rows of S9 at two values of delta or more on one task")
    return chosen.drop_duplicates("delta", keep="last").reset_index(drop=True)


def _number(text: str) -> float:
    above, _, below = text.partition("/")
    return float(above) / float(below or 1)


def _in_float64(row: Row) -> float | None:
    for key in _FLOAT64_KEYS:
        value = (row.witness or {}).get(key)
        if isinstance(value, int | float):
            return float(value)
    return None


def _merit(group: pd.DataFrame) -> tuple[int, int, int]:
    return int((group["predicted"] > 0).any()), group["delta"].nunique(), group["float64"].notna().sum()


def best_probe(frame: pd.DataFrame) -> pd.Series | None:
    """The line with the smallest error in float64, None where float64 was not recorded."""
    known = frame[frame["float64"] > 0]
    return None if known.empty else known.loc[known["float64"].idxmin()]


def probe_figure(rows: Sequence[Row]) -> Figure:
    """Figure `hessian_free`."""
    frame = probe_frame(rows)
    first, last = frame.iloc[0], frame.iloc[-1]
    setting = f"{first['task']}, nu = {first['nu']}, alpha = {short(float(first['alpha']))}"
    caption = (
        f"Error of the Hessian-free meta-gradient against the probe length $\\delta$ ({setting_latex(first)}): the "
        "right side of S9 (blue), the error free of rounding (black), and the error that float64 makes (orange), which "
        "rounding drives up again as $\\delta$ falls."
    )
    best = best_probe(frame)
    if best is not None:
        caption += (
            f" Of the values tried, {mathtext(best['delta'])} is best, with an error of {mathtext(best['float64'])}."
        )
    alt = (
        f"One logarithmic panel, delta from {short(first['delta'])} to {short(last['delta'])} across, error upwards, "
        f"on {setting}. "
        f"Predicted from {short(first['predicted'])} to {short(last['predicted'])}; error free of rounding from "
        f"{short(first['measured'])} to {short(last['measured'])}."
    )
    if best is not None:
        alt += f" In float64 the error is smallest, {short(best['float64'])}, at delta = {short(best['delta'])}."
    return Figure("hessian_free", "Error of the Hessian-free meta-gradient", caption, alt, frame, draw_probes, ("S9",))


@styled
def draw_probes(frame: pd.DataFrame) -> Drawing:
    """The single panel of `probe_frame`, lines labelled at their right end."""
    drawing = canvas(SINGLE, 2.7)
    axes = drawing.subplots()
    axes.set_xscale("log")
    log_limits(axes, frame["predicted"], frame["measured"], frame["float64"])
    ends = []
    for column, look, text in (
        ("predicted", PREDICTED, f"predicted {symbol('b_HF')}"),
        ("float64", FLOATING, "measured in float64"),
        ("measured", MEASURED, "measured, no rounding"),
    ):
        line = frame[frame[column] > 0]
        if len(line):
            axes.plot(line["delta"], line[column], **look.keywords())
            ends.append((float(line[column].iloc[-1]), text, look.color if look is not FLOATING else "#a86b00"))
    best = best_probe(frame)
    if best is not None:
        axes.plot(
            [best["delta"]],
            [best["float64"]],
            marker="o",
            markersize=9,
            markerfacecolor="none",
            markeredgecolor=INK,
            markeredgewidth=0.8,
        )
        axes.annotate(
            f"best $\\delta$: {mathtext(best['delta'])}", (best["delta"], best["float64"]),
            xytext=(7, -4), textcoords="offset points",
            ha="left", va="top", fontsize=points(7.5),
        )  # fmt: skip
    label_ends(axes, ends)
    axes.set_xlabel(axis_label("probe length", "delta"))
    axes.set_ylabel(f"$\\|g_i - \\nabla F_i\\|$  ({unit('b_HF')})")
    return drawing
