"""Along the rounds: the squared meta-gradient with T2's right side, and the optimality gap with T3's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from empirics.algorithm.modes import MODES
from reports.figures.figure import Figure, MissingDataError
from reports.figures.labels import mathtext, short, unit
from reports.figures.looks import FLOOR, MEASURED, PREDICTED, TRIVIAL
from reports.figures.modes import MODE_NAMES
from reports.figures.panels import legend_above, log_limits, panel_grid
from reports.figures.selection import distinct, groups, known, lines, only, positive, values
from reports.figures.style import TEXT, beside, canvas, points, styled
from reports.figures.thinning import thinned
from reports.judging.rows import Row

_SETTING = ["task", "nu", "tau", "m"]
_SHOWN = ("measured", "bound", "floor", "trivial", "upper")
_COLUMNS, _LEAST = 3, 1.6  # panels side by side, and the inches that one needs
_DRAWN_POINTS = 64
_MOST_DECADES = 7
_BAND = {"color": "#7f7f7d", "alpha": 0.35}


@dataclass(frozen=True)
class _Curve:
    """Which columns of `curves` make a figure, and how its ordinate reads."""

    figure: str
    column: str
    statement: str
    title: str
    ordinate: str
    words: str
    logarithmic_rounds: bool


_SQUARED_GRADIENT = _Curve(
    "rounds", "squared_gradient", "T2", "Squared meta-gradient along the rounds",
    r"$\frac{1}{k}\sum_{j<k}\,\mathrm{E}\,\|\nabla F(w_j)\|^2$", "running mean of the squared meta-gradient", True,
)  # fmt: skip
_GAP = _Curve(
    "gap", "gap", "T3", "Optimality gap along the rounds", r"$\mathrm{E}\,F(w_k) - F^{\ast}$", "optimality gap", False
)  # fmt: skip


def squared_gradient_frame(rows: Sequence[Row], curves: pd.DataFrame) -> pd.DataFrame:
    """(1/k) sum_{j<k} norm(grad F(w_j))^2 for k = 1..K in each mode, with T2's right side at K = k; one run a mode."""
    return _frame(_SQUARED_GRADIENT, rows, curves)


def gap_frame(rows: Sequence[Row], curves: pd.DataFrame) -> pd.DataFrame:
    """F(w_k) - F* for k = 0..K in each mode, with T3's right side at K = k where T3 applies; one run a mode."""
    return _frame(_GAP, rows, curves)


def squared_gradient_figure(rows: Sequence[Row], curves: pd.DataFrame) -> Figure:
    """Figure `rounds`: the frame of `squared_gradient_frame`, both axes logarithmic.

    Raises MissingDataError where no run recorded it.
    """
    return _figure(_SQUARED_GRADIENT, squared_gradient_frame(rows, curves), draw_squared_gradient)


def gap_figure(rows: Sequence[Row], curves: pd.DataFrame) -> Figure:
    """Figure `gap`: the frame of `gap_frame`, rounds linear, so that a geometric decay is a straight line.

    Raises MissingDataError where no run recorded it.
    """
    return _figure(_GAP, gap_frame(rows, curves), draw_gap)


def _frame(curve: _Curve, rows: Sequence[Row], curves: pd.DataFrame) -> pd.DataFrame:
    usable = known(curves, curve.column)
    if usable.empty:
        raise MissingDataError(f"no run recorded its {curve.words}")
    name = curve.column
    main = max(_settings(usable), key=lambda setting: _merit(usable, name, setting))
    chosen = pd.concat([_one_run(usable, name, mode, main) for mode in MODES if len(only(usable, mode=mode))])
    row_id = chosen[f"row_id_{curve.statement}"]
    by_id = {row.row_id: row for row in rows}
    own = [by_id.get(one) for one in row_id]
    return pd.DataFrame(
        {
            **{column: chosen[column] for column in ("mode", *_SETTING, "n", "k")},
            "measured": chosen[name],
            **{end: chosen[f"{name}_{end}"] for end in ("lower", "upper", "bound", "floor")},
            "trivial": np.array([None if row is None else row.trivial for row in own], dtype=float),
            "times": np.array([None if row is None else _times(row) for row in own], dtype=float),
            "row_id": row_id,
        }
    ).reset_index(drop=True)


def _times(row: Row) -> float | None:
    """Predicted over measured, which is an exact expectation where the dots are means."""
    return row.predicted / row.measured if row.predicted is not None and row.measured else None


def _one_run(curves: pd.DataFrame, name: str, mode: str, main: tuple) -> pd.DataFrame:
    """The run of a mode in the main setting, else on the main task, else in the mode's own best setting."""
    mine = only(curves, mode=mode)
    best = max(
        _settings(mine), key=lambda setting: (setting == main, setting[0] == main[0], _merit(curves, name, setting))
    )
    runs = _in_setting(mine, best)
    # several step sizes may share the setting: show the run whose bound ends lowest
    keys = runs["row_id_T2"].map(_text) + " " + runs["row_id_T3"].map(_text)
    _, run = min(groups(runs.assign(run=keys), "run"), key=lambda found: (_last_bound(found[1], name), found[0]))
    return run.sort_values("k").drop_duplicates("k")


def _text(name: object) -> str:
    """A row's id; nothing where there is none, which a column without any has as not a number."""
    return name if isinstance(name, str) else ""


def _last_bound(run: pd.DataFrame, name: str) -> float:
    bound = run.loc[run["k"].idxmax(), f"{name}_bound"]
    return float("inf") if pd.isna(bound) else float(bound)


def _settings(curves: pd.DataFrame) -> list[tuple]:
    return [tuple(setting) for setting in curves[_SETTING].drop_duplicates().itertuples(index=False)]


def _in_setting(curves: pd.DataFrame, setting: tuple) -> pd.DataFrame:
    return only(curves, **dict(zip(_SETTING, setting, strict=True)))


def _merit(curves: pd.DataFrame, name: str, setting: tuple) -> tuple:
    """How many modes have a bound on the task, how many in the setting, how long the runs are, then a fixed order."""
    bounded = known(curves, f"{name}_bound")
    here = _in_setting(bounded, setting)
    return only(bounded, task=setting[0])["mode"].nunique(), here["mode"].nunique(), len(here), str(setting)


def _figure(curve: _Curve, frame: pd.DataFrame, draw: Callable[[pd.DataFrame], Drawing]) -> Figure:
    last = frame.loc[frame.groupby("mode", sort=False)["k"].idxmax()]
    caption = (
        f"The {curve.words} after $k$ rounds, mean over replicas (dots) with its pointwise 95 % confidence band "
        f"(shaded), and the right side of {curve.statement} at $K = k$ (squares) with the value it tends to (dotted). "
        "One panel a mode, "
        f"{'all on the same axes' if _same_axes(frame) else 'each with its own scale'}."
    )
    if (longest := max(len(run) for _, run in groups(frame, "mode"))) > _DRAWN_POINTS:
        caption += f" Of {longest} rounds at most {_DRAWN_POINTS} are drawn, the extremes between them among these."
    if len(times := values(known(last, "times"), "times")):
        low, high = mathtext(times.min()), mathtext(times.max())
        span = low if low == high else f"{low} to {high}"
        caption += f" In the rows, at the last round, the right side is {span} times what was measured."
    without = [MODE_NAMES[line["mode"]] for line in lines(last) if pd.isna(line["bound"])]
    if without:
        caption += f" No right side of {curve.statement} applies in: {', '.join(without)}."
    alt = f"{len(last)} panels, rounds across, {curve.words} upwards. " + " ".join(
        _panel_alt(curve, only(frame, mode=mode)) for mode in last["mode"]
    )
    return Figure(curve.figure, curve.title, caption, alt, frame, draw, (curve.statement,))


def _panel_alt(curve: _Curve, panel: pd.DataFrame) -> str:
    first, *_, last = [lines(panel)[0], *lines(panel)]
    text = f"{MODE_NAMES[last['mode']]} ({last['task']}): "
    text += f"measured from {short(first['measured'])} to {short(last['measured'])}"
    if pd.isna(last["bound"]):
        return text + "."
    bounded = known(panel, "bound")
    above = (values(bounded, "bound") >= values(bounded, "measured")).all()
    return (
        f"{text}, right side of {curve.statement} from {short(first['bound'])} to {short(last['bound'])}, "
        f"{'above' if above else 'not above'} it throughout."
    )


@styled
def draw_squared_gradient(frame: pd.DataFrame) -> Drawing:
    """Panels of `squared_gradient_frame`, both axes logarithmic."""
    return _draw(_SQUARED_GRADIENT, frame)


@styled
def draw_gap(frame: pd.DataFrame) -> Drawing:
    """Panels of `gap_frame`, rounds linear."""
    return _draw(_GAP, frame)


def _draw(curve: _Curve, frame: pd.DataFrame) -> Drawing:
    panels = {mode: only(frame, mode=mode) for mode in MODES if len(only(frame, mode=mode))}
    columns = beside(len(panels), _LEAST, _COLUMNS)
    drawing = canvas(TEXT, 0.55 + 1.65 * -(-len(panels) // columns))
    same = _same_axes(frame)
    grid = panel_grid(drawing, len(panels), columns, sharex=True, sharey=same)
    notes = {mode: _setting_note(lines(panel)[-1]) for mode, panel in panels.items()}
    tasks = distinct(frame, "task")
    common = len(set(notes.values())) == 1 and len(tasks) == 1
    for axes, (mode, panel) in zip(grid, panels.items(), strict=True):
        _panel(axes, curve, panel)
        log_limits(axes, *((frame if same else panel)[column] for column in _SHOWN))
        about = [] if common else [notes[mode]] if len(tasks) == 1 else [panel["task"].iloc[-1], notes[mode]]
        axes.set_title(MODE_NAMES[mode], pad=3 + points(7.5) * len(about))
        axes.text(0, 1.02, "\n".join(about), transform=axes.transAxes, fontsize=points(6.5), va="bottom", linespacing=1)
    if curve.logarithmic_rounds:
        grid[0].set_xscale("log")
    where = f", on {tasks[0]}" if len(tasks) == 1 else ""
    where += f", {next(iter(notes.values()))}" if common else ""
    drawing.supxlabel(r"round $k$" + where, fontsize=points(8.5))
    drawing.supylabel(f"{curve.ordinate}  ({unit(curve.statement)})", fontsize=points(8.5))
    legend_above(drawing, _legend(curve, frame))
    return drawing


def _same_axes(frame: pd.DataFrame) -> bool:
    """Common axes compare the modes; beyond some decades they would flatten every curve."""
    shown = frame[list(_SHOWN)].to_numpy(dtype=float)
    shown = shown[np.isfinite(shown) & (shown > 0)]
    return shown.size == 0 or float(np.log10(shown.max() / shown.min())) <= _MOST_DECADES


def _panel(axes: Axes, curve: _Curve, panel: pd.DataFrame) -> None:
    """Draw into `axes` the run of one mode: its mean with the band, and the right side with its floor."""
    shown = thinned(panel, "measured", _DRAWN_POINTS)
    k = values(shown, "k")
    if len(known(shown, "trivial")):
        axes.plot(k, shown["trivial"], **_line(TRIVIAL, linewidth=0.8))
    axes.plot(k, shown["floor"], **_line(FLOOR, linewidth=1.0))
    axes.plot(k, shown["bound"], **_line(PREDICTED))
    # a lower limit at or below zero has no place on a logarithmic axis: the band then runs to the axis
    tiny = np.nextafter(0.0, 1.0)
    axes.fill_between(k, np.maximum(values(shown, "lower"), tiny), shown["upper"], linewidth=0, **_BAND)
    axes.plot(k, shown["measured"], **_line(MEASURED))
    axes.set_xlim(k.min() if curve.logarithmic_rounds else 0, k.max())


def _line(look: Any, **more: Any) -> dict[str, Any]:
    """A look with a marker now and then: rounds are many."""
    return look.along(**more)


def _setting_note(line: dict[str, Any]) -> str:
    return f"$\\nu={line['nu']}$, $\\tau={line['tau']}$, $m/n={line['m']}/{line['n']}$"


def _legend(curve: _Curve, frame: pd.DataFrame) -> dict[str, Artist]:
    handles: dict[str, Artist] = {
        "measured mean": Line2D([], [], **_line(MEASURED)),
        "confidence band": Patch(**_BAND),
    }
    if len(known(frame, "bound")):
        handles[f"right side of {curve.statement}"] = Line2D([], [], **_line(PREDICTED))
    if len(positive(frame, "floor")):
        handles["its limit, the floor"] = Line2D([], [], **_line(FLOOR))
    if len(known(frame, "trivial")):
        handles["trivial bound"] = Line2D([], [], **_line(TRIVIAL))
    return handles
