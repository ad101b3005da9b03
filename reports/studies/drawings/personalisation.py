"""The figures of the personalisation study: accuracy map, courses, gain against heterogeneity, approximations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.patches import Rectangle
from matplotlib.ticker import NullLocator

from empirics.algorithm.modes import Mode
from reports.figures.figure import Figure
from reports.figures.labels import short
from reports.figures.looks import FAINT, Look
from reports.figures.panels import common_legend, panel_grid
from reports.figures.selection import distinct, groups, lines, one_of, only, positive, values
from reports.figures.style import TEXT, beside, canvas, points, styled
from reports.studies.arms import BUDGETS, Arm
from reports.studies.comparisons import OPEN, UNTESTED, arms_of
from reports.studies.drawings.arm_looks import arm_looks
from reports.studies.drawings.steps import steps_figure

_LEAST, _CELL = 1.5, 0.24  # inches that a panel, and that a number in a panel, needs


def personalisation_figures(frames: Mapping[str, pd.DataFrame]) -> list[Figure]:
    """Every figure of the study, from its frames alone."""
    return [
        map_figure(frames["means"]),
        steps_figure(frames["means"]),
        courses_figure(frames["curves"]),
        gain_figure(frames["comparisons"]),
        approximation_figure(frames["comparisons"]),
    ]


# --- which number of training steps is best for which number of test steps ------------------------------------------


def map_frame(means: pd.DataFrame) -> pd.DataFrame:
    """Accuracy of the exact arms on new agents after equal communication; best marks the largest in its column."""
    mine = only(means, mode=Mode.EXACT.value, group="new", budget="communication")
    mine = mine[["level", "nu", "adapt", "accuracy", "accuracy_low", "accuracy_high"]].reset_index(drop=True)
    top = mine.groupby(["level", "adapt"])["accuracy"].transform("max")
    return mine.assign(best=mine["accuracy"] == top)


def map_figure(means: pd.DataFrame) -> Figure:
    """Figure `personalisation_map`: which number of training steps is best for which number of test steps."""
    frame = map_frame(means)
    best = only(frame, best=True)
    last = max(distinct(frame, "adapt"))
    ends = {step: ", ".join(str(nu) for nu in only(best, adapt=step)["nu"]) for step in (1, last)}
    caption = (
        "Held-out accuracy in per cent on new agents, by fine-tuning steps in training $\\nu$ (upwards) and in the "
        "test $\\nu'$ (across), after equally many rounds; means over seeds. The outlined number is the best in its "
        "column. Shades run from a panel's least (dark) to its largest value (light) with at least one test step. With "
        f"one test step the best training uses, panel by panel, $\\nu$ = {ends[1]}; with {last} test steps, $\\nu$ = "
        f"{ends[last]}."
    )
    alt = _by_level(best, "best training steps by test steps: ", lambda line: f"{line['adapt']}: {line['nu']}")
    return Figure("personalisation_map", "Accuracy by training and test steps", caption, alt, frame, draw_map)


def _by_level(frame: pd.DataFrame, opening: str, words: Callable[[dict[str, Any]], str]) -> str:
    """A sentence a level, with words for each of its lines."""
    return " ".join(
        f"{level}: {opening}{', '.join(words(line) for line in lines(part))}." for level, part in groups(frame, "level")
    )


@styled
def draw_map(frame: pd.DataFrame) -> Drawing:
    """One panel a level."""
    levels = groups(frame, "level")
    columns = beside(len(levels), _CELL * len(distinct(frame, "adapt")), 2)
    drawing = canvas(TEXT, 0.35 + 1.65 * -(-len(levels) // columns))
    grid = panel_grid(drawing, len(levels), columns, sharex=True, sharey=True)
    for axes, (level, part) in zip(grid, levels, strict=True):
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
        for line in lines(only(part, best=True)):
            corner = (list(table.columns).index(line["adapt"]), list(table.index).index(line["nu"]))
            for color, width in (("black", 2.6), ("white", 1.2)):  # seen on dark and on light
                outline = {"edgecolor": color, "linewidth": width, "zorder": 3, "clip_on": False}
                axes.add_patch(Rectangle(corner, 1, 1, fill=False, **outline))
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
    steps = sorted(distinct(curves, "adapt"))
    mine = only(curves, group="new", adapt=steps[len(steps) // 2], mode=Mode.EXACT.value)
    return mine.reset_index(drop=True)


def courses_figure(curves: pd.DataFrame) -> Figure:
    """Figure `personalisation_courses`: accuracy against rounds, and against what an agent has computed."""
    frame = courses_frame(curves)
    step = frame["adapt"].iloc[0]
    ends = frame.sort_values("k").groupby(["level", "nu"], sort=False).tail(1)
    caption = (
        f"Held-out accuracy on new agents after $\\nu' = {step}$ fine-tuning steps, against rounds (left) and "
        "against what an agent has computed (right), for every number of fine-tuning steps in training; means over "
        "seeds, bands are 95 % Student intervals. Axes across are logarithmic."
    )
    alt = f"Accuracy after {step} test steps. " + _by_level(
        ends, "", lambda end: f"{_arm(end).name} {short(100 * end['accuracy'])} per cent after {end['k']} rounds"
    )
    title = "Accuracy against rounds and computation"
    return Figure("personalisation_courses", title, caption, alt, frame, draw_courses)


@styled
def draw_courses(frame: pd.DataFrame) -> Drawing:
    """One row of two panels a level."""
    levels = groups(frame, "level")
    looks = arm_looks(arms_of(frame))
    drawing = canvas(TEXT, 0.6 + 1.55 * len(levels))
    grid = drawing.subplots(len(levels), 2, squeeze=False, sharey="row", sharex="col")
    for row, (level, part) in zip(grid, levels, strict=True):
        for (axes, across), (arm, look) in product(zip(row, ("k", "compute"), strict=True), looks.items()):
            run = positive(only(part, nu=arm.nu), "k").sort_values("k")
            axes.plot(run[across], 100 * run["accuracy"], **look.keywords())
            low, high = 100 * run["accuracy_low"], 100 * run["accuracy_high"]
            axes.fill_between(run[across], low, high, color=look.color, alpha=0.12, linewidth=0)
        for axes in row:
            axes.set_xscale("log")
            axes.xaxis.set_minor_locator(NullLocator())
        row[0].set_title(level, pad=3)
        row[0].set_ylabel("accuracy (%)")
    grid[-1][0].set_xlabel("rounds")
    grid[-1][1].set_xlabel("gradients per agent")
    common_legend(drawing, [arm.name for arm in looks])
    return drawing


# --- gain against heterogeneity -------------------------------------------------------------------------------------

_GAINS = {"per_fedavg": "over Per-FedAvg", "fedavg": "over FedAvg"}
_APPROXIMATIONS = (Mode.FIRST_ORDER.value, Mode.HESSIAN_FREE.value)  # the questions named after them


def gain_figure(comparisons: pd.DataFrame) -> Figure:
    """Figure `personalisation_gain`: over Per-FedAvg and over FedAvg, against the heterogeneity of the agents."""
    mine = one_of(comparisons, "question", _GAINS)
    frame = only(mine, budget="communication", group="new").reset_index(drop=True)
    caption = (
        "Gain in accuracy on new agents, in points, over Per-FedAvg ($\\nu = 1$) and over FedAvg with local "
        "fine-tuning ($\\nu = 0$), against the heterogeneity of the agents, after equally many rounds; one panel for "
        "each number of test steps. Bars are 95 % Student intervals over seeds; a filled marker means that "
        f"the difference remains after Holm's correction. {_extremes(frame)}"
    )
    return Figure("personalisation_gain", "Gain against heterogeneity", caption, _extremes(frame), frame, draw_gain)


def approximation_figure(comparisons: pd.DataFrame) -> Figure:
    """Figure `personalisation_approximations`: first-order and Hessian-free training less exact training."""
    mine = only(one_of(comparisons, "question", _APPROXIMATIONS), group="new")
    turned = {"difference": -mine["difference"], "low": -mine["high"], "high": -mine["low"]}
    frame = mine.assign(**turned, mode=mine["against_mode"]).reset_index(drop=True)
    caption = (
        "First-order (FO) and Hessian-free (HF) training against the exact meta-gradient with as many fine-tuning "
        "steps: difference in accuracy on new agents, in points, after equally many rounds and after equal "
        "computation; one panel for each number of test steps. Bars are 95 % Student intervals over seeds; "
        f"a filled marker means that the difference remains after Holm's correction. {_extremes(frame)}"
    )
    title = "First-order and Hessian-free training against exact"
    return Figure("personalisation_approximations", title, caption, _extremes(frame), frame, draw_approximations)


def _extremes(frame: pd.DataFrame) -> str:
    """The largest and the smallest difference in words."""
    parts = []
    for name, extreme in (("largest", max), ("smallest", min)):
        line = extreme(lines(frame), key=lambda line: line["difference"])
        other = Arm(Mode.EXACT, line["against"])
        parts.append(
            f"the {name} {100 * line['difference']:+.1f} points ({_arm(line).name} minus {other.name}, "
            f"{line['level']}, {line['adapt']} test steps)".replace("-", "−")
        )
    return "Of these differences " + " and ".join(parts) + "."


@styled
def draw_gain(frame: pd.DataFrame) -> Drawing:
    """Rows: what is compared with; columns: test steps."""
    return _differences(frame, {f"points {words}": only(frame, question=key) for key, words in _GAINS.items()})


@styled
def draw_approximations(frame: pd.DataFrame) -> Drawing:
    """Rows: budgets; columns: test steps."""
    return _differences(frame, {f"points, {words}": only(frame, budget=key) for key, words in BUDGETS.items()})


def _differences(frame: pd.DataFrame, rows: Mapping[str, pd.DataFrame]) -> Drawing:
    rows = {label: part for label, part in rows.items() if len(part)}
    steps, levels = sorted(distinct(frame, "adapt")), distinct(frame, "level")
    looks = arm_looks(arms_of(frame), skip=1)
    across = beside(len(steps), _LEAST) == len(steps)
    down = len(rows) if across else len(steps)
    drawing = canvas(TEXT, 0.7 + 1.75 * down)
    shared = "row" if across else "col"
    drawn = drawing.subplots(down, len(rows) + len(steps) - down, squeeze=False, sharex=True, sharey=shared)
    grid = drawn if across else drawn.T
    for line, (label, part) in zip(grid, rows.items(), strict=True):
        for axes, step in zip(line, steps, strict=True):
            _dodged(axes, only(part, adapt=step), levels, looks)
        if across:
            line[0].set_ylabel(label)
        else:
            line[0].set_title(label, pad=3 + points(9.5), fontsize=points(7.5))
    for first, step in zip(grid[0], steps, strict=True):
        first.set_title(f"$\\nu' = {step}$", pad=3) if across else first.set_ylabel(f"$\\nu' = {step}$")
    for axes in drawn[-1]:
        axes.set_xticks(range(len(levels)), levels, rotation=25, ha="right")
    common_legend(drawing, [arm.name for arm in looks])
    return drawing


def _dodged(axes: Axes, part: pd.DataFrame, levels: Sequence[str], looks: Mapping[Arm, Look]) -> None:
    """Put into `axes` points with bars side by side at each level, filled where the difference is decided."""
    axes.axhline(0, color=FAINT, linewidth=0.6)
    present = arms_of(part)
    for place, arm in enumerate(present):
        look, mine = looks[arm], only(part, mode=arm.mode.value, nu=arm.nu)
        shift = (place - (len(present) - 1) / 2) * 0.7 / len(present)
        across = np.array([levels.index(level) for level in mine["level"]]) + shift
        middle, low, high = (100 * values(mine, column) for column in ("difference", "low", "high"))
        axes.vlines(across, low, high, color=look.color, linewidth=0.9)
        decided = ~mine["outcome"].isin([OPEN, UNTESTED]).to_numpy()
        axes.plot(across, middle, **look.points(markerfacecolor="white"))
        axes.plot(across[decided], middle[decided], **look.points(label="_"))


def _arm(line: Mapping[str, Any]) -> Arm:
    return Arm(line["mode"], line["nu"])
