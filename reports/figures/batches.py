"""Bias and mean squared error of the stochastic meta-gradient against the batch size (S5, S5p, S6)."""

# pandas declares a selection as any of frame, series and array; which one it is shows in the selecting expression
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

from reports.figures.figure import Figure, MissingDataError
from reports.figures.style import (
    MEASURED,
    PREDICTED,
    PUBLISHED,
    SECOND_ORDER,
    TEXT,
    canvas,
    legend_above,
    log_limits,
    points,
    setting_latex,
    short,
    styled,
    symbol,
    unit,
)
from reports.judging.rows import Row

# (bound, quantity) -> panel and series; a row of any other kind is not of this figure
_SERIES = {
    ("S5", "b_sto"): ("bias", "predicted"),
    ("S5p", "b_sto_2"): ("bias", "second_order"),
    ("per_fedavg.bias", "per_fedavg.bias"): ("bias", "published"),
    ("S6", "sigma_F2"): ("error", "predicted"),
    ("per_fedavg.sigma_F2", "per_fedavg.sigma_F2"): ("error", "published"),
}
_LOOKS = {"predicted": PREDICTED, "second_order": SECOND_ORDER, "published": PUBLISHED}
_PANELS = {"bias": "bias", "error": "mean squared error"}
_BOUNDED_BY = {"bias": "b_sto", "error": "sigma_F2"}
# what varies, and on which axis: D alone, D_H alone, or all batches together
_SWEEPS = {"inner": "D", "hessian": "D_H", "equal": "D"}
_PLACES = ("left", "middle", "right")
_WORDS = {"predicted": "predicted", "second_order": "predicted to second order", "published": "published (Per-FedAvg)"}


def batch_frame(rows: Sequence[Row]) -> pd.DataFrame:
    """One line per row of S5, S5p, S6 and of Per-FedAvg's bias and mean squared error, on one task and setting.

    panel is 'bias' or 'error'; series is 'predicted', 'second_order' or 'published'; sweep is 'inner' (D' and D_H
    fixed), 'hessian' (D and D' fixed) or 'equal' (D' = D_H = D); size is the batch size that varies. The task and
    (nu, alpha) are those that show a bias at most batch sizes.
    """
    lines = [
        _line(row)
        for row in rows
        if (row.bound, row.quantity) in _SERIES and "D" in row.inputs and row.predicted is not None
    ]
    if not lines:
        raise MissingDataError("no row of S5, S5p or S6 with a batch size")
    frame = pd.DataFrame(lines).astype({column: "float64" for column in ("measured", "lower", "upper", "predicted")})
    settings = [group for _, group in frame.groupby(["task", "nu", "alpha"], sort=True)]
    chosen = max((_swept(group) for group in settings), key=_merit)
    chosen = chosen.sort_values(["sweep", "panel", "series", "size", "measured"], kind="stable")
    return chosen.drop_duplicates(["sweep", "panel", "series", "size"], keep="last").reset_index(drop=True)


def _swept(group: pd.DataFrame) -> pd.DataFrame:
    """The lines with one fixed (D', D_H), those with one fixed (D, D'), and those with D' = D_H = D, apart."""
    sweeps = {
        "inner": _widest(group, "D", ["D_prime", "D_H"]),
        "hessian": _widest(group, "D_H", ["D", "D_prime"]),
        "equal": group[_equal_batches(group)],
    }
    shown = {name: part for name, part in sweeps.items() if part[_SWEEPS[name]].nunique() > 1}
    if not shown:
        shown = {"equal": sweeps["equal"]} if len(sweeps["equal"]) else {"inner": sweeps["inner"]}
    return pd.concat([part.assign(sweep=name, size=part[_SWEEPS[name]]) for name, part in shown.items()])


def _widest(group: pd.DataFrame, varied: str, fixed: list[str]) -> pd.DataFrame:
    """The lines with the fixed sizes that go with most of the varied ones; one curve never mixes them."""
    parts = [part for _, part in group.groupby(fixed, sort=True)]
    return max(parts, key=lambda part: (part[varied].nunique(), *_merit(part)))


def _equal_batches(frame: pd.DataFrame) -> pd.Series:
    return (frame["D_prime"] == frame["D"]) & (frame["D_H"] == frame["D"])


def _line(row: Row) -> dict[str, object]:
    panel, series = _SERIES[row.bound, row.quantity]
    D = int(row.inputs["D"])
    return {
        "task": row.task,
        "nu": row.nu,
        "alpha": row.alpha,
        "panel": panel,
        "series": series,
        "D": D,
        "D_prime": int(row.inputs.get("D_prime", D)),
        "D_H": int(row.inputs.get("D_H", D)),
        "predicted": row.predicted,
        "measured": row.measured,
        "lower": row.lower,
        "upper": row.upper,
        "row_id": row.row_id,
    }


def _merit(group: pd.DataFrame) -> tuple[int, int, int, int]:
    """A vanishing bias (quadratics) has no place on a logarithmic axis, so settings that show one come first."""
    visible = group[(group["panel"] == "bias") & (group["measured"] > 0)]
    return (
        visible["D"].nunique(),
        group["D"].nunique(),
        group[["panel", "series"]].drop_duplicates().shape[0],
        len(group),
    )


def batch_figure(rows: Sequence[Row]) -> Figure:
    """Figure `bias_batch`."""
    frame = batch_frame(rows)
    first = frame.iloc[0]
    setting = f"{first['task']}, nu = {first['nu']}, alpha = {short(float(first['alpha']))}"
    places = _places(frame)
    outer = ", ".join(f"{place}: ".lstrip(": ") + f"${_outer(frame, sweep)}$" for sweep, place in places)
    caption = (
        "Bias and mean squared error of the stochastic meta-gradient against batch sizes "
        f"({setting_latex(first)}; {outer}): "
        "measured (black, with confidence limits), the right sides of S5, S5p and S6, and Per-FedAvg's published ones. "
        "Both axes are logarithmic."
    )
    for sweep, place in places:
        where = f", {place}" if place else ""
        panels = [_exponents(_part(frame, sweep), panel) for panel in _PANELS]
        if any(panels):
            caption += f" Slopes from the smallest to the largest batch{where}: {'; '.join(filter(None, panels))}."
    if (frame["predicted"] == 0).any():
        caption += " A right side of 0 has no place on a logarithmic axis and is not drawn."
    panels = frame[["sweep", "panel"]].drop_duplicates()
    alt = f"{len(panels)} logarithmic panels, batch size across, on {setting}. " + " ".join(
        f"With {_outer(frame, sweep)}: " + " ".join(_describe(_part(frame, sweep), panel) for panel in _PANELS)
        for sweep in _sweeps(frame)
    )
    bounds = tuple(dict.fromkeys(bound for bound, _ in _SERIES))
    title = "Bias and error against batch size"
    return Figure("bias_batch", title, caption, alt.strip(), frame, draw_batches, bounds)


def _sweeps(frame: pd.DataFrame) -> list[str]:
    return [sweep for sweep in _SWEEPS if (frame["sweep"] == sweep).any()]


def _places(frame: pd.DataFrame) -> list[tuple[str, str]]:
    """The sweeps with where each stands; a single one stands nowhere in particular."""
    sweeps = _sweeps(frame)
    places = {1: [""], 2: [_PLACES[0], _PLACES[2]]}.get(len(sweeps), list(_PLACES))
    return list(zip(sweeps, places, strict=True))


def _part(frame: pd.DataFrame, sweep: str) -> pd.DataFrame:
    return frame[frame["sweep"] == sweep]


def _outer(frame: pd.DataFrame, sweep: str) -> str:
    """The outer batches of a sweep, as a formula."""
    if sweep == "equal":
        return "D' = D_H = D"
    first = _part(frame, sweep).iloc[0]
    if sweep == "hessian":
        return f"D = {first['D']}, D' = {first['D_prime']}"
    return f"D' = {first['D_prime']}, D_H = {first['D_H']}"


def _exponents(frame: pd.DataFrame, panel: str) -> str:
    exponents = [f"{_WORDS[series]} ${slope:.2f}$" for series, slope in _slopes(frame, panel)]
    return f"{_PANELS[panel]} {', '.join(exponents)}" if exponents else ""


def _slopes(frame: pd.DataFrame, panel: str) -> list[tuple[str, float]]:
    """End-to-end exponents of the predicted series that span at least two batch sizes."""
    slopes = []
    for series in _LOOKS:
        mine = frame[(frame["panel"] == panel) & (frame["series"] == series) & (frame["predicted"] > 0)]
        line = mine.sort_values("size")
        if line["size"].nunique() > 1:
            first, last = line.iloc[0], line.iloc[-1]
            slopes.append(
                (series, float(np.log(last["predicted"] / first["predicted"]) / np.log(last["size"] / first["size"])))
            )
    return slopes


def _describe(frame: pd.DataFrame, panel: str) -> str:
    mine = frame[frame["panel"] == panel]
    parts = []
    for series, words in _WORDS.items():
        line = mine[mine["series"] == series].sort_values("size")
        if len(line):
            parts.append(f"{words} from {short(line['predicted'].iloc[0])} to {short(line['predicted'].iloc[-1])}")
    measured = _measured(mine)
    if len(measured):
        parts.append(f"measured from {short(measured['measured'].iloc[0])} to {short(measured['measured'].iloc[-1])}")
    return f"{_PANELS[panel].capitalize()}: {'; '.join(parts)}." if parts else ""


def _measured(panel: pd.DataFrame) -> pd.DataFrame:
    """Each batch size once: rows of one setting share their left side."""
    return panel[panel["measured"].notna()].sort_values("size").drop_duplicates("size")


@styled
def draw_batches(frame: pd.DataFrame) -> Drawing:
    """The panels of `batch_frame`: bias above mean squared error, one column for what varies."""
    panels = [panel for panel in _PANELS if (frame["panel"] == panel).any()]
    sweeps = _sweeps(frame)
    drawing = canvas(TEXT, 0.55 + 1.85 * len(panels))
    grid = drawing.subplots(len(panels), len(sweeps), squeeze=False, sharex="col")
    for axes, (panel, sweep) in zip(grid.flat, product(panels, sweeps), strict=True):
        part = _part(frame, sweep)
        part = part[part["panel"] == panel]
        if part.empty:
            _empty_panel(axes, panel, sweep)
        else:
            _panel(axes, part, panel)
    for axes, sweep in zip(grid[0], sweeps, strict=True):
        axes.set_title(f"${_outer(frame, sweep)}$", pad=4)
    for axes, sweep in zip(grid[-1], sweeps, strict=True):
        axes.set_xlabel(f"{symbol(_SWEEPS[sweep])} ({unit(_SWEEPS[sweep])})")
    for axes, panel in zip(grid[:, 0], panels, strict=True):
        left = r"$\|\mathrm{E}\,g_i - \nabla F_i\|$" if panel == "bias" else r"$\mathrm{E}\,\|g_i - \nabla F_i\|^2$"
        axes.set_ylabel(f"{left}  ({unit(_BOUNDED_BY[panel])})")
    entries = [axes.get_legend_handles_labels() for axes in grid.flat]
    handles = {label: handle for entry in entries for handle, label in zip(*entry, strict=True)}
    legend_above(drawing, handles)
    return drawing


def _empty_panel(axes: Axes, panel: str, sweep: str) -> None:
    """Rows of one panel may lack a sweep of the other; the bias knows no Hessian batches."""
    axes.set_axis_off()
    if (panel, sweep) == ("bias", "hessian"):
        words = f"no right side of the\nbias contains {symbol('D_H')}"
        axes.text(0.5, 0.5, words, ha="center", va="center", transform=axes.transAxes, fontsize=points(7.5))


def _panel(axes: Axes, panel: pd.DataFrame, name: str) -> None:
    for series, look in _LOOKS.items():
        line = panel[panel["series"] == series].sort_values("size")
        line = line[line["predicted"] > 0]  # a bound of zero has no place on a logarithmic axis
        if len(line):
            axes.plot(line["size"], line["predicted"], **(look.keywords() | {"label": _WORDS[series]}))
    measured = _measured(panel)
    shown = measured[measured["measured"] > 0]
    lower = (shown["measured"] - shown["lower"]).clip(lower=0).clip(upper=shown["measured"] * (1 - 1e-9)).fillna(0.0)
    upper = (shown["upper"] - shown["measured"]).clip(lower=0).fillna(0.0)
    axes.errorbar(
        shown["size"], shown["measured"], yerr=[lower, upper], capsize=2, elinewidth=0.7, **MEASURED.keywords()
    )
    axes.set_xscale("log", base=2)
    log_limits(axes, panel["predicted"], shown["measured"], shown["upper"])
    sizes = sorted(panel["size"].unique())
    axes.xaxis.set_major_locator(FixedLocator(sizes))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(ScalarFormatter())
