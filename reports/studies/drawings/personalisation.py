"""The figures of the personalisation study: accuracy map, courses, gain against heterogeneity, approximations."""

# pandas declares a selection as any of frame, series and array; which one it is shows in the selecting expression
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.patches import Rectangle
from matplotlib.ticker import NullLocator

from reports.figures.figure import Figure
from reports.figures.labels import short
from reports.figures.looks import FAINT, Look
from reports.figures.panels import legend_above
from reports.figures.style import TEXT, canvas, points, styled
from reports.studies.arms import Arm
from reports.studies.comparisons import OPEN, UNTESTED

_COLORS = ("#1a1a19", "#0072B2", "#56B4E9", "#009E73", "#E69F00", "#D55E00", "#A6427C", "#8a8a88")
_DASHES = ("-", (0, (5, 1.5)), (0, (3, 1)), (0, (4, 1.2, 1, 1.2)), (0, (1.5, 1.2)), "-", (0, (6, 2)), (0, (1, 2)))
_MARKERS = ("o", "s", "v", "^", "D", "h", "*", "P")
_BUDGETS = {"communication": "equal communication", "compute": "equal compute"}


def personalisation_figures(frames: Mapping[str, pd.DataFrame]) -> list[Figure]:
    """Every figure of the study, from its frames alone."""
    return [
        map_figure(frames["means"]),
        courses_figure(frames["curves"]),
        gain_figure(frames["comparisons"]),
        approximation_figure(frames["comparisons"]),
    ]


# --- which number of training steps is best for which number of test steps ------------------------------------------


def map_frame(means: pd.DataFrame) -> pd.DataFrame:
    """Accuracy of the exact arms on new agents after equal communication; best marks the largest in its column."""
    mine = means[(means["mode"] == "exact") & (means["group"] == "new") & (means["budget"] == "communication")]
    mine = mine[["level", "nu", "adapt", "accuracy", "accuracy_low", "accuracy_high"]].reset_index(drop=True)
    top = mine.groupby(["level", "adapt"])["accuracy"].transform("max")
    return mine.assign(best=mine["accuracy"] == top)


def map_figure(means: pd.DataFrame) -> Figure:
    """Figure `personalisation_map`."""
    frame = map_frame(means)
    best = frame[frame["best"]]
    last = int(frame["adapt"].max())
    ends = {step: _list(best[best["adapt"] == step]["nu"]) for step in (1, last)}
    caption = (
        "Held-out accuracy in per cent on new agents, by fine-tuning steps in training $\\nu$ (upwards) and in the "
        "test $\\nu'$ (across), after equally many rounds; means over seeds. The outlined number is the best in its "
        "column. Colours run from a panel's least to its largest value with at least one test step. With one test step "
        f"the best training uses, panel by panel, $\\nu$ = {ends[1]}; with {last} test steps, $\\nu$ = {ends[last]}."
    )
    alt = " ".join(
        f"{level}: best training steps by test steps: "
        + ", ".join(f"{step}: {nu}" for step, nu in zip(part["adapt"], part["nu"], strict=True))
        + "."
        for level, part in best.groupby("level", sort=False)
    )
    return Figure("personalisation_map", "Accuracy by training and test steps", caption, alt, frame, draw_map)


def _list(values: pd.Series) -> str:
    return ", ".join(str(value) for value in values)


@styled
def draw_map(frame: pd.DataFrame) -> Drawing:
    """One panel a level."""
    levels = list(dict.fromkeys(frame["level"]))
    rows = -(-len(levels) // 2)
    drawing = canvas(TEXT, 0.35 + 1.65 * rows)
    grid = drawing.subplots(rows, min(2, len(levels)), squeeze=False, sharex=True, sharey=True).ravel()
    for axes in grid[len(levels) :]:
        axes.set_visible(False)
    for axes, level in zip(grid, levels, strict=False):
        part = frame[frame["level"] == level]
        table = part.pivot(index="nu", columns="adapt", values="accuracy")
        values = 100 * table.to_numpy()
        tuned = values[:, [step > 0 for step in table.columns]]  # untuned models would take up all of the colours
        low, high = float(tuned.min()), float(tuned.max())
        axes.pcolormesh(values, cmap="cividis", vmin=low, vmax=high, edgecolors="white", linewidth=0.3)
        middle = (low + high) / 2
        for row, column in np.ndindex(values.shape):
            ink = "white" if values[row, column] < middle else "black"
            text = f"{values[row, column]:.1f}"
            axes.text(column + 0.5, row + 0.5, text, ha="center", va="center", color=ink, fontsize=points(6))
        for line in part[part["best"]].to_dict("records"):
            corner = (list(table.columns).index(line["adapt"]), list(table.index).index(line["nu"]))
            axes.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor="#D55E00", linewidth=1.4))
        axes.set_title(level, pad=3)
        axes.set_xticks(np.arange(len(table.columns)) + 0.5, [str(step) for step in table.columns])
        axes.set_yticks(np.arange(len(table.index)) + 0.5, [str(nu) for nu in table.index])
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
    drawing.supxlabel("fine-tuning steps in the test $\\nu'$", fontsize=points(8.5))
    drawing.supylabel("fine-tuning steps in training $\\nu$", fontsize=points(8.5))
    return drawing


# --- accuracy against rounds and against computation ----------------------------------------------------------------


def courses_frame(curves: pd.DataFrame) -> pd.DataFrame:
    """The courses on new agents at the middle one of the compared numbers of test steps."""
    steps = sorted(set(curves["adapt"]))
    chosen = steps[len(steps) // 2]
    mine = curves[(curves["group"] == "new") & (curves["adapt"] == chosen) & (curves["mode"] == "exact")]
    return mine.reset_index(drop=True)


def courses_figure(curves: pd.DataFrame) -> Figure:
    """Figure `personalisation_courses`."""
    frame = courses_frame(curves)
    step = frame["adapt"].iloc[0]
    ends = frame.sort_values("k").groupby(["level", "nu"], sort=False).tail(1)
    caption = (
        f"Held-out accuracy on new agents after $\\nu' = {step}$ fine-tuning steps, against rounds (left) and "
        "against what an agent has computed (right), for every number of fine-tuning steps in training; means over "
        "seeds, bands are 95 % Student intervals. Axes across are logarithmic."
    )
    alt = f"Accuracy after {step} test steps. " + " ".join(
        f"{level}: "
        + ", ".join(
            f"{Arm('exact', nu).name} {short(100 * accuracy)} per cent after {k} rounds"
            for nu, accuracy, k in zip(part["nu"], part["accuracy"], part["k"], strict=True)
        )
        + "."
        for level, part in ends.groupby("level", sort=False)
    )
    return Figure(
        "personalisation_courses", "Accuracy against rounds and computation", caption, alt, frame, draw_courses
    )


@styled
def draw_courses(frame: pd.DataFrame) -> Drawing:
    """One row of two panels a level."""
    levels = list(dict.fromkeys(frame["level"]))
    looks = _looks([Arm("exact", nu) for nu in sorted(set(frame["nu"]))])
    drawing = canvas(TEXT, 0.6 + 1.55 * len(levels))
    grid = drawing.subplots(len(levels), 2, squeeze=False, sharey="row", sharex="col")
    for row, level in zip(grid, levels, strict=True):
        for axes, across in zip(row, ("k", "compute"), strict=True):
            for arm, look in looks.items():
                part = frame[(frame["level"] == level) & (frame["nu"] == arm.nu) & (frame["k"] > 0)].sort_values("k")
                axes.plot(part[across], 100 * part["accuracy"], **look.keywords())
                low, high = 100 * part["accuracy_low"], 100 * part["accuracy_high"]
                axes.fill_between(part[across], low, high, color=look.color, alpha=0.12, linewidth=0)
            axes.set_xscale("log")
            axes.xaxis.set_minor_locator(NullLocator())
        row[0].set_title(level, pad=3)
        row[0].set_ylabel("accuracy (%)")
    grid[-1][0].set_xlabel("rounds (dimensionless)")
    grid[-1][1].set_xlabel("gradients an agent computed (dimensionless)")
    legend_above(drawing, _handles(grid.ravel(), [arm.name for arm in looks]))
    return drawing


# --- gain against heterogeneity -------------------------------------------------------------------------------------

_GAINS = {"per_fedavg": "over Per-FedAvg", "fedavg": "over FedAvg"}
_APPROXIMATIONS = ("first_order", "hessian_free")


def gain_figure(comparisons: pd.DataFrame) -> Figure:
    """Figure `personalisation_gain`."""
    mine = comparisons[comparisons["question"].isin(list(_GAINS)) & (comparisons["budget"] == "communication")]
    frame = mine[mine["group"] == "new"].reset_index(drop=True)
    caption = (
        "Gain in accuracy on new agents, in points, over Per-FedAvg ($\\nu = 1$, top) and over FedAvg with local "
        "fine-tuning ($\\nu = 0$, bottom), against the heterogeneity of the agents, after equally many rounds. One "
        "column for each number of test steps. Bars are 95 % Student intervals over seeds; a filled marker means that "
        f"the difference remains after Holm's correction. {_extremes(frame)}"
    )
    return Figure("personalisation_gain", "Gain against heterogeneity", caption, _extremes(frame), frame, draw_gain)


def approximation_figure(comparisons: pd.DataFrame) -> Figure:
    """Figure `personalisation_approximations`."""
    mine = comparisons[comparisons["question"].isin(_APPROXIMATIONS) & (comparisons["group"] == "new")]
    turned = {"difference": -mine["difference"], "low": -mine["high"], "high": -mine["low"]}
    frame = mine.assign(**turned, mode=mine["against_mode"]).reset_index(drop=True)
    caption = (
        "First-order (FO) and Hessian-free (HF) training against the exact meta-gradient with as many fine-tuning "
        "steps: difference in accuracy on new agents, in points, after equally many rounds (top) and after equal "
        "computation (bottom). One column for each number of test steps. Bars are 95 % Student intervals over seeds; "
        f"a filled marker means that the difference remains after Holm's correction. {_extremes(frame)}"
    )
    title = "First-order and Hessian-free training against exact"
    return Figure("personalisation_approximations", title, caption, _extremes(frame), frame, draw_approximations)


def _extremes(frame: pd.DataFrame) -> str:
    """The largest and the smallest difference in words."""
    parts = []
    for name, place in (("largest", frame["difference"].idxmax()), ("smallest", frame["difference"].idxmin())):
        line = frame.loc[place]
        arm, other = Arm(line["mode"], line["nu"]), Arm("exact", line["against"])
        parts.append(
            f"the {name} {100 * line['difference']:+.1f} points ({arm.name} minus {other.name}, {line['level']}, "
            f"{line['adapt']} test steps)".replace("-", "−")
        )
    return "Of these differences " + " and ".join(parts) + "."


@styled
def draw_gain(frame: pd.DataFrame) -> Drawing:
    """Rows: what is compared with; columns: test steps."""
    rows = [(f"points {words}", frame[frame["question"] == key]) for key, words in _GAINS.items()]
    return _differences(frame, [row for row in rows if len(row[1])])


@styled
def draw_approximations(frame: pd.DataFrame) -> Drawing:
    """Rows: budgets; columns: test steps."""
    rows = [(f"points, {words}", frame[frame["budget"] == key]) for key, words in _BUDGETS.items()]
    return _differences(frame, [row for row in rows if len(row[1])])


def _differences(frame: pd.DataFrame, rows: Sequence[tuple[str, pd.DataFrame]]) -> Drawing:
    steps = sorted(set(frame["adapt"]))
    levels = list(dict.fromkeys(frame["level"]))
    order = {"exact": 0, "first_order": 1, "hessian_free": 2}
    present = {Arm(mode, nu) for mode, nu in zip(frame["mode"], frame["nu"], strict=True)}
    looks = _looks(sorted(present, key=lambda arm: (order[arm.mode], arm.nu)), skip=1)
    drawing = canvas(TEXT, 0.7 + 1.75 * len(rows))
    grid = drawing.subplots(len(rows), len(steps), squeeze=False, sharex=True, sharey="row")
    for line, (label, part) in zip(grid, rows, strict=True):
        for axes, step in zip(line, steps, strict=True):
            _dodged(axes, part[part["adapt"] == step], levels, looks)
        line[0].set_ylabel(label)
    for axes, step in zip(grid[0], steps, strict=True):
        axes.set_title(f"$\\nu' = {step}$", pad=3)
    for axes in grid[-1]:
        axes.set_xticks(range(len(levels)), levels, rotation=25, ha="right")
    legend_above(drawing, _handles(grid.ravel(), [arm.name for arm in looks]))
    return drawing


def _dodged(axes: Axes, part: pd.DataFrame, levels: Sequence[str], looks: Mapping[Arm, Look]) -> None:
    """Points with bars side by side at each level, filled where the difference is decided."""
    axes.axhline(0, color=FAINT, linewidth=0.6)
    present = [arm for arm in looks if ((part["mode"] == arm.mode) & (part["nu"] == arm.nu)).any()]
    for place, arm in enumerate(present):
        look = looks[arm]
        mine = part[(part["mode"] == arm.mode) & (part["nu"] == arm.nu)]
        shift = (place - (len(present) - 1) / 2) * 0.7 / max(1, len(present))
        across = np.array([levels.index(level) for level in mine["level"]]) + shift
        middle = 100 * mine["difference"].to_numpy()
        axes.vlines(across, 100 * mine["low"], 100 * mine["high"], color=look.color, linewidth=0.9)
        decided = ~mine["outcome"].isin([OPEN, UNTESTED]).to_numpy()
        axes.plot(across, middle, **(look.keywords() | {"linestyle": "none", "markerfacecolor": "white"}))
        axes.plot(across[decided], middle[decided], **(look.keywords() | {"linestyle": "none", "label": "_"}))


def _looks(present: Sequence[Arm], skip: int = 0) -> dict[Arm, Look]:
    return {
        arm: Look(arm.name, _COLORS[place % 8], _DASHES[place % 8], _MARKERS[place % 8])
        for place, arm in enumerate(present, skip)
    }


def _handles(grid: Sequence[Axes] | np.ndarray, names: Sequence[str]) -> dict[str, Artist]:
    handles: dict[str, Artist] = {}
    for axes in grid:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    return {name: handles[name] for name in names}
