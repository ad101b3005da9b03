"""The figure of accuracy and loss against fine-tuning steps in the test, for agents seen in training and new ones."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import MaxNLocator

from empirics.algorithm.modes import Mode
from reports.figures.figure import Figure
from reports.figures.looks import Look
from reports.figures.panels import common_legend
from reports.figures.selection import distinct, groups, lines, only
from reports.figures.style import TEXT, beside, canvas, points, styled
from reports.studies.arms import Arm
from reports.studies.drawings.arm_looks import arm_looks

_LEAST = 1.3  # inches that a panel needs
_SHOWN = {"accuracy": ("accuracy (%)", 100.0), "loss": ("loss", 1.0)}


def steps_figure(means: pd.DataFrame) -> Figure:
    """Figure `personalisation_steps`: before and after 0, 1, ... test steps, seen and new agents."""
    mine = only(means, mode=Mode.EXACT.value, budget="communication")
    kept = ["level", "group", "nu", "adapt", *(f"{name}{end}" for name in _SHOWN for end in ("", "_low", "_high"))]
    frame = mine.reset_index(drop=True).filter(kept)
    last = max(distinct(frame, "adapt"))
    gains = [_gain(part, last) for _, part in groups(only(frame, group="new"), ["level", "nu"])]
    change = f"{min(gains):+.1f} to {max(gains):+.1f}".replace("-", "−")
    words = f"On new agents {last} steps change the accuracy by {change} points."
    caption = (
        "Held-out accuracy (top) and loss (bottom) before ($\\nu' = 0$) and after fine-tuning steps on the agent's own "
        "samples, for agents seen in training and for new ones, by fine-tuning steps in training; after equally many "
        f"rounds, means over seeds, bands are 95 % Student intervals. {words}"
    )
    title = "Before and after fine-tuning"
    return Figure("personalisation_steps", title, caption, words, frame, draw_steps)


def _gain(part: pd.DataFrame, last: int) -> float:
    by_step = {line["adapt"]: line["accuracy"] for line in lines(part)}
    return 100 * (by_step[last] - by_step[0])


@styled
def draw_steps(frame: pd.DataFrame) -> Drawing:
    """Accuracy above loss, seen beside new agents; of several levels a column each."""
    levels, groups_of = distinct(frame, "level"), ("seen", "new")
    if len(levels) == 1:
        grid = [[(name, levels[0], group) for group in groups_of] for name in _SHOWN]
    else:
        wide = beside(len(levels), _LEAST)
        parts = [levels[start : start + wide] for start in range(0, len(levels), wide)]
        grid = [[(name, level, group) for level in part] for name in _SHOWN for group in groups_of for part in parts]
    drawing = canvas(TEXT, 0.7 + 1.65 * len(grid))
    panels = drawing.subplots(len(grid), len(grid[0]), squeeze=False, sharex=True, sharey="row")
    looks = arm_looks([Arm(Mode.EXACT, nu) for nu in sorted(distinct(frame, "nu"))])
    for row, places in zip(panels, grid, strict=True):
        for axes in row[len(places) :]:
            axes.set_visible(False)
        for axes, (name, level, group) in zip(row, places, strict=False):
            _panel(axes, only(frame, level=level, group=group), name, looks)
            axes.set_title(f"{level}, {group} agents", pad=3)
        row[0].set_ylabel(_SHOWN[places[0][0]][0])
    drawing.supxlabel("fine-tuning steps in the test $\\nu'$", fontsize=points(8.5))
    common_legend(drawing, [look.label for look in looks.values()])
    return drawing


def _panel(axes: Axes, part: pd.DataFrame, name: str, looks: Mapping[Arm, Look]) -> None:
    """Draw into `axes` a line an arm with its band, which is cut at what no accuracy and no loss can be."""
    scale, most = _SHOWN[name][1], 1.0 if name == "accuracy" else None
    for arm, look in looks.items():
        run = only(part, nu=arm.nu).sort_values("adapt")
        axes.plot(run["adapt"], scale * run[name], **look.keywords())
        low, high = (scale * run[f"{name}_{end}"].clip(0.0, most) for end in ("low", "high"))
        axes.fill_between(run["adapt"], low, high, color=look.color, alpha=0.12, linewidth=0)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
