"""Along the rounds: the squared meta-gradient with T2's right side, and the optimality gap with T3's."""

# pandas declares a selection as any of frame, series and array; which one it is shows in the selecting expression
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from empirics import MODES
from reports.figures.figure import Figure, MissingDataError
from reports.figures.style import (
    FLOOR,
    INK,
    MEASURED,
    PREDICTED,
    TEXT,
    TRIVIAL,
    canvas,
    legend_above,
    log_limits,
    mathtext,
    points,
    short,
    styled,
    unit,
)
from reports.judging.rows import Row

MODE_NAMES = {
    "exact": "exact",
    "stochastic": "stochastic",
    "first_order": "first order",
    "first_order_stochastic": "first order, stochastic",
    "hessian_free": "Hessian free",
    "hessian_free_stochastic": "Hessian free, stochastic",
}
_SETTING = ["task", "nu", "tau", "m"]
_SHOWN = ("measured", "bound", "floor", "trivial", "upper")
_DRAWN_POINTS = 160
_MOST_DECADES = 7
FAINT_BAND = "#7f7f7d"


@dataclass(frozen=True)
class _Curve:
    """Which columns of `curves` make a figure, and how its ordinate reads."""

    name: str
    statement: str
    title: str
    ordinate: str
    words: str
    logarithmic_rounds: bool


_SQUARED_GRADIENT = _Curve(
    "squared_gradient", "T2", "Squared meta-gradient along the rounds",
    r"$\frac{1}{k}\sum_{j<k}\,\mathrm{E}\,\|\nabla F(w_j)\|^2$", "running mean of the squared meta-gradient", True,
)  # fmt: skip
_GAP = _Curve(
    "gap", "T3", "Optimality gap along the rounds", r"$\mathrm{E}\,F(w_k) - F^{\ast}$", "optimality gap", False
)  # fmt: skip


def squared_gradient_frame(rows: Sequence[Row], curves: pd.DataFrame) -> pd.DataFrame:
    """(1/k) sum_{j<k} norm(grad F(w_j))^2 for k = 1..K in each mode, with T2's right side at K = k; one run a mode."""
    return _frame(_SQUARED_GRADIENT, rows, curves)


def gap_frame(rows: Sequence[Row], curves: pd.DataFrame) -> pd.DataFrame:
    """F(w_k) - F* for k = 0..K in each mode, with T3's right side at K = k where T3 applies; one run a mode."""
    return _frame(_GAP, rows, curves)


def _frame(curve: _Curve, rows: Sequence[Row], curves: pd.DataFrame) -> pd.DataFrame:
    name = curve.name
    usable = curves[curves[name].notna()] if len(curves) else curves
    if usable.empty:
        raise MissingDataError(f"no run recorded its {curve.words}")
    main = max(_settings(usable), key=lambda setting: _merit(usable, name, setting))
    chosen = pd.concat([_one_run(usable, name, mode, main) for mode in MODES if (usable["mode"] == mode).any()])
    trivial = {row.row_id: row.trivial for row in rows}
    row_id = chosen[f"row_id_{curve.statement}"]
    return pd.DataFrame(
        {
            **{column: chosen[column] for column in ("mode", *_SETTING, "n", "k")},
            "measured": chosen[name],
            "lower": chosen[f"{name}_lower"],
            "upper": chosen[f"{name}_upper"],
            "bound": chosen[f"{name}_bound"],
            "floor": chosen[f"{name}_floor"],
            "trivial": row_id.map(trivial).astype("float64"),
            "row_id": row_id,
        }
    ).reset_index(drop=True)


def _one_run(curves: pd.DataFrame, name: str, mode: str, main: tuple) -> pd.DataFrame:
    """The run of a mode in the main setting, else on the main task, else in the mode's own best setting."""
    mine = curves[curves["mode"] == mode]
    best = max(
        _settings(mine), key=lambda setting: (setting == main, setting[0] == main[0], _merit(curves, name, setting))
    )
    runs = mine[_matches(mine, best)]
    keys = runs["row_id_T2"].fillna("").astype(str) + " " + runs["row_id_T3"].fillna("").astype(str)
    # several step sizes may share the setting: show the run whose bound ends lowest
    key = min(keys.unique(), key=lambda one: (_last_bound(runs[keys == one], name), one))
    return runs[keys == key].sort_values("k").drop_duplicates("k")


def _last_bound(run: pd.DataFrame, name: str) -> float:
    bound = run.loc[run["k"].idxmax(), f"{name}_bound"]
    return float("inf") if pd.isna(bound) else float(bound)


def _settings(curves: pd.DataFrame) -> list[tuple]:
    return [tuple(setting) for setting in curves[_SETTING].drop_duplicates().itertuples(index=False)]


def _merit(curves: pd.DataFrame, name: str, setting: tuple) -> tuple:
    """How many modes have a bound on the task, how many in the setting, how long the runs are, then a fixed order."""
    bounded = curves[curves[f"{name}_bound"].notna()]
    here = bounded[_matches(bounded, setting)]
    return (
        bounded.loc[bounded["task"] == setting[0], "mode"].nunique(),
        here["mode"].nunique(),
        len(here),
        str(setting),
    )


def _matches(curves: pd.DataFrame, setting: tuple) -> pd.Series:
    columns = curves[_SETTING]
    equal = pd.Series(True, index=curves.index)
    for column, value in zip(_SETTING, setting, strict=True):
        equal &= columns[column].isna() if pd.isna(value) else columns[column] == value
    return equal


def squared_gradient_figure(rows: Sequence[Row], curves: pd.DataFrame) -> Figure:
    """Figure `rounds`."""
    return _figure("rounds", _SQUARED_GRADIENT, squared_gradient_frame(rows, curves), draw_squared_gradient)


def gap_figure(rows: Sequence[Row], curves: pd.DataFrame) -> Figure:
    """Figure `gap`."""
    return _figure("gap", _GAP, gap_frame(rows, curves), draw_gap)


def _figure(name: str, curve: _Curve, frame: pd.DataFrame, draw: object) -> Figure:
    last = frame.loc[frame.groupby("mode", sort=False)["k"].idxmax()]
    bounded = last[last["bound"].notna() & (last["measured"] > 0)]
    caption = (
        f"The {curve.words} after $k$ rounds, mean over replicas with its confidence band (black, shaded), and the "
        f"right side of {curve.statement} at $K = k$ (blue) with the value it tends to (dotted). One panel per mode, "
        f"{'all on the same axes' if _same_axes(frame) else 'each with its own scale'}."
    )
    if not bounded.empty:
        ratios = bounded["bound"] / bounded["measured"]
        caption += f" At the last round the right side is {_span(ratios)} times the measured value."
    without = [MODE_NAMES[mode] for mode in last.loc[last["bound"].isna(), "mode"]]
    if without:
        caption += f" No right side of {curve.statement} applies in: {', '.join(without)}."
    alt = f"{len(last)} panels, rounds across, {curve.words} upwards. " + " ".join(
        _panel_alt(curve, frame[frame["mode"] == mode]) for mode in last["mode"]
    )
    return Figure(name, curve.title, caption, alt, frame, draw, (curve.statement,))  # type: ignore[arg-type]


def _span(ratios: pd.Series) -> str:
    low, high = mathtext(float(ratios.min())), mathtext(float(ratios.max()))
    return low if low == high else f"{low} to {high}"


def _panel_alt(curve: _Curve, panel: pd.DataFrame) -> str:
    first, last = panel.iloc[0], panel.iloc[-1]
    text = f"{MODE_NAMES[last['mode']]} ({last['task']}): "
    text += f"measured from {short(first['measured'])} to {short(last['measured'])}"
    if pd.isna(last["bound"]):
        return text + "."
    above = bool((panel["bound"] >= panel["measured"])[panel["bound"].notna()].all())
    relation = "above it throughout" if above else "not above it throughout"
    return (
        text + f", right side of {curve.statement} from {short(first['bound'])} to {short(last['bound'])}, {relation}."
    )


@styled
def draw_squared_gradient(frame: pd.DataFrame) -> Drawing:
    """Panels of `squared_gradient_frame`, both axes logarithmic."""
    return _draw(_SQUARED_GRADIENT, frame)


@styled
def draw_gap(frame: pd.DataFrame) -> Drawing:
    """Panels of `gap_frame`, rounds linear: a geometric decay is a straight line."""
    return _draw(_GAP, frame)


def _draw(curve: _Curve, frame: pd.DataFrame) -> Drawing:
    modes = [mode for mode in MODES if (frame["mode"] == mode).any()]
    columns = min(3, len(modes))
    lines = -(-len(modes) // columns)
    drawing = canvas(TEXT, 0.55 + 1.65 * lines)
    same = _same_axes(frame)
    grid = drawing.subplots(lines, columns, sharex=True, sharey=same, squeeze=False)
    notes = {mode: _setting_note(frame[frame["mode"] == mode].iloc[-1]) for mode in modes}
    tasks = list(dict.fromkeys(frame["task"]))
    common = len(set(notes.values())) == 1 and len(tasks) == 1
    for axes, mode in zip(grid.flat, modes, strict=False):
        panel = frame[frame["mode"] == mode]
        _panel(axes, curve, panel)
        log_limits(axes, *((frame if same else panel)[column] for column in _SHOWN))
        axes.set_title(MODE_NAMES[mode], pad=3 if common else 10)
        if not common:
            task = "" if len(tasks) == 1 else f"{panel['task'].iloc[-1]}, "
            note = axes.text(0, 1.02, task + notes[mode], transform=axes.transAxes, fontsize=points(6.5))
            note.set_in_layout(False)  # a long note may reach over the next panel's edge, but never narrows its own
    for axes in list(grid.flat)[len(modes) :]:
        axes.set_visible(False)
    if curve.logarithmic_rounds:
        grid[0, 0].set_xscale("log")
    where = f", on {tasks[0]}" if len(tasks) == 1 else ""
    where += f", {notes[modes[0]]}" if common else ""
    drawing.supxlabel(r"round $k$ (dimensionless)" + where, fontsize=points(8.5))
    drawing.supylabel(f"{curve.ordinate}  ({unit(curve.statement)})", fontsize=points(8.5))
    legend_above(drawing, {str(handle.get_label()): handle for handle in _legend(curve, frame)})
    return drawing


def _same_axes(frame: pd.DataFrame) -> bool:
    """Common axes compare the modes; beyond some decades they would flatten every curve."""
    values = frame[list(_SHOWN)].to_numpy(dtype=float)
    values = values[np.isfinite(values) & (values > 0)]
    return values.size == 0 or float(np.log10(values.max() / values.min())) <= _MOST_DECADES


def _panel(axes: Axes, curve: _Curve, panel: pd.DataFrame) -> None:
    shown = _thinned(panel)
    k = shown["k"].to_numpy(dtype=float)
    if shown["trivial"].notna().any():
        axes.plot(k, shown["trivial"], color=TRIVIAL.color, linestyle=TRIVIAL.dash, linewidth=0.8)
    axes.plot(k, shown["floor"], color=FLOOR.color, linestyle=FLOOR.dash, linewidth=1.0)
    axes.plot(k, shown["bound"], color=PREDICTED.color)
    # a lower limit at or below zero has no place on a logarithmic axis: the band then runs to the axis
    tiny = np.nextafter(0.0, 1.0)
    axes.fill_between(k, shown["lower"].clip(lower=tiny), shown["upper"], color=FAINT_BAND, alpha=0.35, linewidth=0)
    axes.plot(k, shown["measured"], color=MEASURED.color)
    axes.set_xlim(k.min() if curve.logarithmic_rounds else 0, k.max())


def _setting_note(line: pd.Series) -> str:
    participation = "" if pd.isna(line["m"]) else f", $m/n={int(line['m'])}/{int(line['n'])}$"
    return f"$\\nu={int(line['nu'])}$, $\\tau={int(line['tau'])}${participation}"


def _thinned(panel: pd.DataFrame) -> pd.DataFrame:
    """At most _DRAWN_POINTS rounds, evenly spaced in the logarithm, the first and last among them."""
    if len(panel) <= _DRAWN_POINTS:
        return panel
    places = np.unique(np.geomspace(1, len(panel), _DRAWN_POINTS).round().astype(int)) - 1
    return panel.iloc[places]


def _legend(curve: _Curve, frame: pd.DataFrame) -> list[Line2D | Patch]:
    handles: list[Line2D | Patch] = [Line2D([], [], color=INK, label="measured mean")]
    handles.append(Patch(color=FAINT_BAND, alpha=0.35, label="confidence band"))
    if frame["bound"].notna().any():
        handles.append(Line2D([], [], color=PREDICTED.color, label=f"right side of {curve.statement}"))
    if (frame["floor"] > 0).any():
        handles.append(Line2D([], [], color=FLOOR.color, linestyle=FLOOR.dash, label="its limit, the floor"))
    if frame["trivial"].notna().any():
        handles.append(Line2D([], [], color=TRIVIAL.color, linestyle=TRIVIAL.dash, label="trivial bound"))
    return handles
