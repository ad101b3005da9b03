"""The smoothness constant of the meta loss against the number of fine-tuning steps (S4)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import MaxNLocator

import theory
from reports.figures.by_steps import WITNESS_PREFIX, longest, place, steps_frame
from reports.figures.figure import Figure, MissingDataError
from reports.figures.labels import axis_label, short
from reports.figures.looks import MEASURED, PREDICTED, PUBLISHED, WITNESS, Look
from reports.figures.panels import common_legend, label_ends, log_limits, panel_grid
from reports.figures.selection import groups, known, lines, only, values
from reports.figures.style import TEXT, beside, canvas, points, styled
from reports.judging.rows import Row

_TASKS_SHOWN = 3
_LEAST = 1.6  # inches that a panel needs
_ONE_STEP = Look("Per-FedAvg, published", "#A6427C", "", "*")
_ON_A_WITNESS = "measured on a witness"
_MULTI_STEP = "multi-step MAML, published"
_LEGEND = (MEASURED.label, PREDICTED.label, _ON_A_WITNESS, _MULTI_STEP, _ONE_STEP.label)


def smoothness_frame(rows: Sequence[Row]) -> pd.DataFrame:
    """One line per task, step and nu: L_F predicted and measured, and what the published constants give there.

    per_fedavg is the row of that bound (nu = 1). maml is (1 + alpha L)^{2 nu} L + C_L B, the smoothness that multi-step
    MAML's slope C_L (arXiv 2002.07836) implies where gradients are at most B, at the row's own inputs. Panels and
    settings are those of `steps_frame`.
    """
    published = {place(row): row.predicted for row in rows if row.bound == "per_fedavg.L_F"}
    frame = steps_frame(
        rows, "S4", "L_F", lambda row: {"per_fedavg": published.get(place(row)), "maml": _multi_step_maml(row)}
    )
    if frame.empty:
        raise MissingDataError("no row of S4 with a measured L_F")
    return frame


def _multi_step_maml(row: Row) -> float | None:
    """Ji, Yang, Liang state q = 1 + alpha L, so the curvature bound mu is left out of the inputs."""
    inputs = {key: value for key, value in row.inputs.items() if key not in ("mu", "q")}
    try:
        slope = theory.quantity("maml.C_L").value(**inputs)
        factor = theory.quantity("S2").value(**inputs)
        return factor**2 * float(Fraction(inputs["L"])) + slope * float(Fraction(inputs["B"]))
    except ValueError:  # an input it needs is not on the row: nothing to show
        return None


def smoothness_figure(rows: Sequence[Row]) -> Figure:
    """Figure `smoothness`: a panel a task, and one for all witnesses, on which the bound is nearly attained.

    Raises MissingDataError without a row of S4 that has both sides.
    """
    frame = smoothness_frame(rows)
    panels = _panels(frame)
    caption = (
        "Smoothness constant $L_F$ of the meta losses against the number of fine-tuning steps: the right side of S4 "
        "(squares), the largest difference quotient found (dots) and published constants (triangles, star) where they "
        "apply."
    )
    witness = only(frame, panel="witness")
    if len(witness):
        reached = short(values(witness, "tightness").max())
        caption += f" On the witnesses the measured value reaches {reached} of the predicted one."
    alt = f"{len(panels)} panels, fine-tuning steps across, smoothness upwards on a logarithmic axis. " + " ".join(
        _describe(label, group) for label, group in panels
    )
    shown = frame.loc[sorted(pd.concat(group for _, group in panels).index)]
    bounds = ("S4", "per_fedavg.L_F", "maml.C_L")
    return Figure("smoothness", "Smoothness of the meta loss", caption, alt, shown, draw_smoothness, bounds)


def _describe(label: str, group: pd.DataFrame) -> str:
    steps, ratio = group["nu"], values(group, "measured") / values(group, "predicted")
    predicted = values(group, "predicted")
    return (
        f"{label}: steps {steps.min()} to {steps.max()}, predicted {short(predicted[0])} to {short(predicted[-1])}, "
        f"measured {short(ratio.min())} to {short(ratio.max())} of it."
    )


def _panels(frame: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """The tasks with most values of nu, one step size each, then the witnesses together."""
    witness = only(frame, panel="witness")
    return longest(frame, _TASKS_SHOWN) + ([("witnesses", witness)] if len(witness) else [])


@styled
def draw_smoothness(frame: pd.DataFrame) -> Drawing:
    """One panel per task of `smoothness_frame`, then one for the witnesses."""
    panels = _panels(frame)
    columns = beside(len(panels), _LEAST)
    drawing = canvas(TEXT, 0.45 + 1.9 * -(-len(panels) // columns))
    grid = panel_grid(drawing, len(panels), columns)
    for axes, (label, group) in zip(grid, panels, strict=True):
        if label == "witnesses":
            _witness_panel(axes, group)
        else:
            _task_panel(axes, group)
            label += f", $\\alpha={short(group['alpha'].iloc[0])}$"
        axes.set_title(label, pad=4)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        log_limits(axes, *(group[column] for column in ("predicted", "measured", "per_fedavg", "maml")))
    for axes in grid[::columns]:
        axes.set_ylabel(axis_label("smoothness", "L_F"))
    drawing.supxlabel(axis_label("fine-tuning steps", "nu"), fontsize=points(8.5))
    common_legend(drawing, _LEGEND)
    return drawing


def _task_panel(axes: Axes, group: pd.DataFrame) -> None:
    """Draw into `axes` the constants of one task against the steps."""
    for column, keywords in (
        ("maml", PUBLISHED.keywords(label=_MULTI_STEP)),
        ("predicted", PREDICTED.keywords()),
        ("per_fedavg", _ONE_STEP.keywords(markersize=6)),
        ("measured", MEASURED.keywords()),
    ):
        if len(known(group, column)):
            axes.plot(group["nu"], group[column], **keywords)


def _witness_panel(axes: Axes, witness: pd.DataFrame) -> None:
    """Draw into `axes` every witness, with the ratio it reaches beside its end."""
    ends = []
    for (task, _), group in groups(witness, ["task", "alpha"], sort=True):
        group = group.sort_values("nu")
        axes.plot(group["nu"], group["predicted"], **PREDICTED.keywords())
        axes.plot(group["nu"], group["measured"], **WITNESS.keywords(label=_ON_A_WITNESS, markersize=2.4))
        last = lines(group)[-1]
        label = f"{str(task).removeprefix(WITNESS_PREFIX)}\nratio {last['tightness']:.3f}"
        ends.append((last["measured"], label, WITNESS.color))
    log_limits(axes, witness["predicted"], witness["measured"])
    label_ends(axes, ends, gap=0.2)
