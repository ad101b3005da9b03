"""The smoothness constant of the meta loss against the number of fine-tuning steps (S4)."""

# pandas declares a selection as any of frame, series and array; which one it is shows in the selecting expression
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import MaxNLocator

import theory
from reports.figures.figure import Figure, MissingDataError
from reports.figures.style import (
    MEASURED,
    PREDICTED,
    PUBLISHED,
    TEXT,
    WITNESS,
    Look,
    axis_label,
    canvas,
    label_ends,
    legend_above,
    log_limits,
    points,
    short,
    styled,
)
from reports.judging.rows import Row

WITNESS_PREFIX = "witness-"
_TASKS_SHOWN = 3
_LOOKS = {
    "predicted": PREDICTED,
    "measured": MEASURED,
    "multi-step MAML": PUBLISHED,
    "Per-FedAvg": Look("Per-FedAvg", "#A6427C", "", "*"),
}

_LEGEND = {"multi-step MAML": "multi-step MAML, published", "Per-FedAvg": "Per-FedAvg, published"}


def smoothness_frame(rows: Sequence[Row]) -> pd.DataFrame:
    """One line per task, step and nu: L_F predicted and measured, and what the published constants give there.

    per_fedavg is the row of that bound (nu = 1). maml is (1 + alpha L)^{2 nu} L + C_L B, the smoothness that multi-step
    MAML's slope C_L (arXiv 2002.07836) implies where gradients are at most B, at the row's own inputs. Tasks named
    witness-* have panel 'witness'. Of equal settings the row with the largest measured value is kept.
    """
    mine = [
        row
        for row in rows
        if row.bound == "S4" and row.quantity == "L_F" and row.predicted is not None and row.measured is not None
    ]
    if not mine:
        raise MissingDataError("no row of S4 with a measured L_F")
    published = {_place(row): row.predicted for row in rows if row.bound == "per_fedavg.L_F"}
    lines = [
        {
            "task": row.task,
            "panel": "witness" if row.task.startswith(WITNESS_PREFIX) else "task",
            "alpha": row.alpha,
            "nu": row.nu,
            "predicted": row.predicted,
            "measured": row.measured,
            "per_fedavg": published.get(_place(row)),
            "maml": _multi_step_maml(row),
            "tightness": row.tightness,
            "row_id": row.row_id,
        }
        for row in mine
    ]
    frame = pd.DataFrame(lines).astype({"per_fedavg": "float64", "maml": "float64", "tightness": "float64"})
    frame = frame.sort_values(["panel", "task", "alpha", "nu", "measured"], kind="stable")
    return frame.drop_duplicates(["task", "alpha", "nu"], keep="last").reset_index(drop=True)


def _place(row: Row) -> tuple[str, float, int]:
    return row.task, row.alpha, row.nu


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
    """Figure `smoothness`."""
    frame = smoothness_frame(rows)
    groups = _groups(frame)
    shown = pd.concat(group for _, group in groups)
    caption = (
        "Smoothness constant $L_F$ of the meta losses against the number of fine-tuning steps: the right side of S4 "
        "(blue squares), the largest difference quotient found (black dots) and published constants where they apply."
    )
    witness = frame[frame["panel"] == "witness"]
    if len(witness):
        reached = short(float(witness["tightness"].max()))
        caption += f" On the witnesses the measured value reaches {reached} of the predicted one."
    alt = f"{len(groups)} panels, fine-tuning steps across, smoothness upwards on a logarithmic axis. " + " ".join(
        _describe(label, group) for label, group in groups
    )
    shown = frame.loc[sorted(shown.index)]
    bounds = ("S4", "per_fedavg.L_F", "maml.C_L")
    return Figure("smoothness", "Smoothness of the meta loss", caption, alt, shown, draw_smoothness, bounds)


def _describe(label: str, group: pd.DataFrame) -> str:
    steps, ratio = group["nu"], group["measured"] / group["predicted"]
    return (
        f"{label}: steps {steps.min()} to {steps.max()}, predicted {short(group['predicted'].iloc[0])} to "
        f"{short(group['predicted'].iloc[-1])}, "
        f"measured {short(float(ratio.min()))} to {short(float(ratio.max()))} of it."
    )


def _groups(frame: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """The panels: the tasks with most values of nu, one step size each, then the witnesses together."""
    tasks = frame[frame["panel"] == "task"]
    runs = [(str(task), group) for (task, _), group in tasks.groupby(["task", "alpha"], sort=True)]
    runs.sort(key=lambda run: (-run[1]["nu"].nunique(), run[0]))
    chosen: dict[str, pd.DataFrame] = {}
    for task, group in runs:
        if len(chosen) < _TASKS_SHOWN:
            chosen.setdefault(task, group)
    witness = frame[frame["panel"] == "witness"]
    panels = [(task, group.sort_values("nu")) for task, group in chosen.items()]
    return panels + ([("witnesses", witness)] if len(witness) else [])


@styled
def draw_smoothness(frame: pd.DataFrame) -> Drawing:
    """One panel per task of `smoothness_frame`, then one for the witnesses."""
    groups = _groups(frame)
    drawing = canvas(TEXT, 2.35)
    grid = drawing.subplots(1, len(groups), squeeze=False)[0]
    for axes, (label, group) in zip(grid, groups, strict=True):
        (_witness_panel if label == "witnesses" else _task_panel)(axes, group)
        axes.set_title(
            label if label == "witnesses" else f"{label}, $\\alpha={short(float(group['alpha'].iloc[0]))}$", pad=4
        )
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        log_limits(axes, *(group[column] for column in ("predicted", "measured", "per_fedavg", "maml")))
    grid[0].set_ylabel(axis_label("smoothness", "L_F"))
    drawing.supxlabel(axis_label("fine-tuning steps", "nu"), fontsize=points(8.5))
    handles = {label: handle for axes in grid for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)}
    order = [name for name in ("measured", "predicted", "measured on a witness", *_LOOKS) if name in handles]
    handles = {_LEGEND.get(name, name): handles[name] for name in order}
    legend_above(drawing, handles)
    return drawing


def _task_panel(axes: Axes, group: pd.DataFrame) -> None:
    for column, name in (
        ("maml", "multi-step MAML"),
        ("predicted", "predicted"),
        ("per_fedavg", "Per-FedAvg"),
        ("measured", "measured"),
    ):
        if group[column].notna().any():
            look = _LOOKS[name]
            axes.plot(
                group["nu"],
                group[column],
                **(look.keywords() | {"label": name, "markersize": 6 if name == "Per-FedAvg" else 3.6}),
            )


def _witness_panel(axes: Axes, witness: pd.DataFrame) -> None:
    ends = []
    for (task, _), group in witness.groupby(["task", "alpha"], sort=True):
        group = group.sort_values("nu")
        axes.plot(group["nu"], group["predicted"], **PREDICTED.keywords())
        axes.plot(
            group["nu"],
            group["measured"],
            **(WITNESS.keywords() | {"label": "measured on a witness", "markersize": 2.4}),
        )
        last = group.iloc[-1]
        ends.append(
            (
                float(last["measured"]),
                f"{str(task).removeprefix(WITNESS_PREFIX)}\nratio {float(last['tightness']):.3f}",
                WITNESS.color,
            )
        )
    log_limits(axes, witness["predicted"], witness["measured"])
    label_ends(axes, ends, gap=0.2)
