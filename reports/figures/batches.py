"""Bias and mean squared error of the stochastic meta-gradient against the batch size (S5, S5p, S6)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import ScalarFormatter

from reports.figures.figure import Figure, MissingDataError
from reports.figures.labels import in_units, setting_latex, setting_words, short, symbol
from reports.figures.looks import MEASURED, PREDICTED, PUBLISHED, SECOND_ORDER
from reports.figures.panels import common_legend, fixed_ticks, log_limits
from reports.figures.selection import distinct, groups, known, lines, only, positive, values
from reports.figures.style import TEXT, beside, canvas, points, styled
from reports.judging.rows import Row

# (bound, quantity) -> panel and series; a row of any other kind is not of this figure
_SERIES = {
    ("S5", "b_sto"): ("bias", "predicted"),
    ("S5p", "b_sto_2"): ("bias", "second_order"),
    ("per_fedavg.bias", "per_fedavg.bias"): ("bias", "published"),
    ("S6", "sigma_F2"): ("error", "predicted"),
    ("per_fedavg.sigma_F2", "per_fedavg.sigma_F2"): ("error", "published"),
}
_LOOKS = {
    "predicted": (PREDICTED, "predicted"),
    "second_order": (SECOND_ORDER, "predicted to second order"),
    "published": (PUBLISHED, "published (Per-FedAvg)"),
}
# panel -> its name, what is measured, and the quantity that has its unit
_PANELS = {
    "bias": ("bias", r"$\|\mathrm{E}\,g_i - \nabla F_i\|$", "b_sto"),
    "error": ("mean squared error", r"$\mathrm{E}\,\|g_i - \nabla F_i\|^2$", "sigma_F2"),
}
# what varies, and on which axis: D alone, D_H alone, or all batches together
_SWEEPS = {"inner": "D", "hessian": "D_H", "equal": "D"}
_LEAST = 1.6  # inches that a panel needs


def batch_frame(rows: Sequence[Row]) -> pd.DataFrame:
    """One line per row of S5, S5p, S6 and of Per-FedAvg's bias and mean squared error, on one task and setting.

    panel is 'bias' or 'error'; series is 'predicted', 'second_order' or 'published'; sweep is 'inner' (D' and D_H
    fixed), 'hessian' (D and D' fixed) or 'equal' (D' = D_H = D); size is the batch size that varies. The task and
    (nu, alpha) are those that show a bias at most batch sizes.
    """
    found = [
        _line(row)
        for row in rows
        if (row.bound, row.quantity) in _SERIES and "D" in row.inputs and row.predicted is not None
    ]
    if not found:
        raise MissingDataError("no row of S5, S5p or S6 with a batch size")
    frame = pd.DataFrame(found).astype({column: "float64" for column in ("measured", "lower", "upper", "predicted")})
    settings = groups(frame, ["task", "nu", "alpha"], sort=True)
    chosen = max((_swept(group) for _, group in settings), key=_merit)
    chosen = chosen.sort_values(["sweep", "panel", "series", "size", "measured"], kind="stable")
    return chosen.drop_duplicates(["sweep", "panel", "series", "size"], keep="last").reset_index(drop=True)


def _swept(group: pd.DataFrame) -> pd.DataFrame:
    """The lines with one fixed (D', D_H), those with one fixed (D, D'), and those with D' = D_H = D, apart."""
    sweeps = {
        "inner": _widest(group, "D", ["D_prime", "D_H"]),
        "hessian": _widest(group, "D_H", ["D", "D_prime"]),
        "equal": only(group, D_prime=group["D"], D_H=group["D"]),
    }
    shown = {name: part for name, part in sweeps.items() if len(distinct(part, _SWEEPS[name])) > 1}
    if not shown:
        shown = {"equal": sweeps["equal"]} if len(sweeps["equal"]) else {"inner": sweeps["inner"]}
    return pd.concat([part.assign(sweep=name, size=part[_SWEEPS[name]]) for name, part in shown.items()])


def _widest(group: pd.DataFrame, varied: str, fixed: list[str]) -> pd.DataFrame:
    """The lines with the fixed sizes that go with most of the varied ones; one curve never mixes them."""
    parts = [part for _, part in groups(group, fixed, sort=True)]
    return max(parts, key=lambda part: (len(distinct(part, varied)), *_merit(part)))


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
    visible = positive(only(group, panel="bias"), "measured")
    shown = group.drop_duplicates(["panel", "series"])
    return len(distinct(visible, "D")), len(distinct(group, "D")), len(shown), len(group)


def batch_figure(rows: Sequence[Row]) -> Figure:
    """Figure `bias_batch`: bias and mean squared error for every way in which the batches vary.

    Raises MissingDataError without a row of S5, S5p or S6 that has a batch size.
    """
    frame = batch_frame(rows)
    first = lines(frame)[0]
    places = _places(frame)
    outer = ", ".join(f"{place}: ".lstrip(": ") + f"${_outer(frame, sweep)}$" for sweep, place in places)
    caption = (
        "Bias and mean squared error of the stochastic meta-gradient against batch sizes "
        f"({setting_latex(first)}; {outer}): "
        "measured (dots, with confidence limits), the right sides of S5, S5p and S6, and Per-FedAvg's published ones. "
        "Both axes are logarithmic."
    )
    for sweep, place in places:
        where = f", {place}" if place else ""
        panels = [_exponents(only(frame, sweep=sweep, panel=panel), panel) for panel in _PANELS]
        if any(panels):
            caption += f" Slopes from the smallest to the largest batch{where}: {'; '.join(filter(None, panels))}."
    if len(only(frame, predicted=0)):
        caption += " A right side of 0 has no place on a logarithmic axis and is not drawn."
    count = len(frame.drop_duplicates(["sweep", "panel"]))
    alt = f"{count} logarithmic panels, batch size across, on {setting_words(first)}. " + " ".join(
        f"With {_outer(frame, sweep)}: "
        + " ".join(_describe(only(frame, sweep=sweep, panel=panel), panel) for panel in _PANELS)
        for sweep, _ in places
    )
    bounds = tuple(dict.fromkeys(bound for bound, _ in _SERIES))
    title = "Bias and error against batch size"
    return Figure("bias_batch", title, caption, alt.strip(), frame, draw_batches, bounds)


def _places(frame: pd.DataFrame) -> list[tuple[str, str]]:
    """The sweeps with the place of each, left to right or downwards; a single one has none."""
    sweeps = [sweep for sweep in _SWEEPS if sweep in distinct(frame, "sweep")]
    ordinals = ("first", "second", "third") if len(sweeps) > 1 else ("",)
    return list(zip(sweeps, ordinals, strict=False))


def _outer(frame: pd.DataFrame, sweep: str) -> str:
    """The outer batches of a sweep, as a formula."""
    first = lines(only(frame, sweep=sweep))[0]
    return {
        "inner": f"D' = {first['D_prime']}, D_H = {first['D_H']}",
        "hessian": f"D = {first['D']}, D' = {first['D_prime']}",
        "equal": "D' = D_H = D",
    }[sweep]


def _exponents(part: pd.DataFrame, panel: str) -> str:
    """End-to-end exponents of the predicted series that span at least two batch sizes, in words."""
    found = []
    for series, (_, words) in _LOOKS.items():
        line = positive(only(part, series=series), "predicted").sort_values("size")
        if len(distinct(line, "size")) > 1:
            rise, run = (np.log(values(line, column)[[0, -1]]) for column in ("predicted", "size"))
            found.append(f"{words} ${(rise[1] - rise[0]) / (run[1] - run[0]):.2f}$")
    return f"{_PANELS[panel][0]} {', '.join(found)}" if found else ""


def _describe(part: pd.DataFrame, panel: str) -> str:
    curves = {
        words: values(only(part, series=series).sort_values("size"), "predicted")
        for series, (_, words) in _LOOKS.items()
    }
    curves["measured"] = values(_measured(part), "measured")
    ends = [f"{words} from {short(curve[0])} to {short(curve[-1])}" for words, curve in curves.items() if len(curve)]
    return f"{_PANELS[panel][0].capitalize()}: {'; '.join(ends)}." if ends else ""


def _measured(panel: pd.DataFrame) -> pd.DataFrame:
    """Each batch size once: rows of one setting share their left side."""
    return known(panel, "measured").sort_values("size").drop_duplicates("size")


@styled
def draw_batches(frame: pd.DataFrame) -> Drawing:
    """The panels of `batch_frame`: bias above mean squared error; side by side where what varies finds no room so."""
    panels = [panel for panel in _PANELS if panel in distinct(frame, "panel")]
    sweeps = [sweep for sweep, _ in _places(frame)]
    across = beside(len(sweeps), _LEAST) == len(sweeps)
    down = len(panels) if across else len(sweeps)
    drawing = canvas(TEXT, 0.55 + 1.85 * down)
    grid = drawing.subplots(down, len(panels) + len(sweeps) - down, squeeze=False, sharex="col" if across else "none")
    for axes, (panel, sweep) in zip((grid if across else grid.T).flat, product(panels, sweeps), strict=True):
        part = only(frame, sweep=sweep, panel=panel)
        if part.empty:
            _empty_panel(axes, panel, sweep)
            continue
        _panel(axes, part)
        if panel == panels[-1] or not across:
            axes.set_xlabel(symbol(_SWEEPS[sweep]))
        if sweep == sweeps[0] or not across:
            _, left, quantity = _PANELS[panel]
            axes.set_ylabel(in_units(f"{left} ", quantity))
    for axes, sweep in zip(grid[0] if across else grid[:, 0], sweeps, strict=True):
        axes.set_title(f"${_outer(frame, sweep)}$", pad=4)
    common_legend(drawing)
    return drawing


def _empty_panel(axes: Axes, panel: str, sweep: str) -> None:
    """Leave `axes` empty: rows of one panel may lack a sweep of the other, and the bias knows no Hessian batches."""
    axes.set_axis_off()
    if (panel, sweep) == ("bias", "hessian"):
        words = f"no right side of the\nbias contains {symbol('D_H')}"
        axes.text(0.5, 0.5, words, ha="center", va="center", transform=axes.transAxes, fontsize=points(7.5))


def _panel(axes: Axes, panel: pd.DataFrame) -> None:
    """Draw into `axes` the predicted series and what is measured, with its confidence limits, over the sizes."""
    for series, (look, words) in _LOOKS.items():
        line = positive(only(panel, series=series), "predicted").sort_values("size")
        if len(line):
            axes.plot(line["size"], line["predicted"], **look.keywords(label=words))
    shown = positive(_measured(panel), "measured")
    middle = values(shown, "measured")
    below = np.clip(middle - values(shown, "lower"), 0, middle * (1 - 1e-9))
    above = np.clip(values(shown, "upper") - middle, 0, None)
    limits = np.nan_to_num([below, above], posinf=np.inf)
    axes.errorbar(shown["size"], middle, yerr=limits, capsize=2, elinewidth=0.7, **MEASURED.keywords())
    axes.set_xscale("log", base=2)
    log_limits(axes, panel["predicted"], middle, shown["upper"])
    fixed_ticks(axes, sorted(panel["size"].unique()), ScalarFormatter())
