"""The figure of accuracy and loss against fine-tuning steps in the test, for agents seen in training and new ones."""

from __future__ import annotations

from itertools import product

import pandas as pd
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import MaxNLocator

from empirics.algorithm.modes import Mode
from reports.figures.figure import Figure
from reports.figures.panels import common_legend
from reports.figures.selection import distinct, groups, lines, only
from reports.figures.style import TEXT, canvas, styled
from reports.studies.arms import Arm
from reports.studies.drawings.arm_looks import arm_looks

_SHOWN = {"accuracy": ("accuracy (%)", 100.0), "loss": ("loss", 1.0)}


def steps_figure(means: pd.DataFrame) -> Figure:
    """Figure `personalisation_steps`: before and after 0, 1, ... test steps, seen and new agents."""
    mine = only(means, mode=Mode.EXACT.value, budget="communication")
    kept = ["level", "group", "nu", "adapt", *(f"{name}{end}" for name in _SHOWN for end in ("", "_low", "_high"))]
    frame = mine[kept].reset_index(drop=True)
    last = max(distinct(frame, "adapt"))
    gains = [_gain(part, last) for _, part in groups(only(frame, group="new"), ["level", "nu"])]
    words = f"On new agents {last} steps change the accuracy by {min(gains):+.1f} to {max(gains):+.1f} points."
    caption = (
        "Held-out accuracy (top) and loss (bottom) before ($\\nu' = 0$) and after fine-tuning steps on the agent's own "
        "samples, for agents seen in training and for new ones, by fine-tuning steps in training; after equally many "
        f"rounds, means over seeds, bands are 95 % Student intervals. {words}"
    ).replace("-", "−")
    title = "Before and after fine-tuning"
    return Figure("personalisation_steps", title, caption, words.replace("-", "−"), frame, draw_steps)


def _gain(part: pd.DataFrame, last: int) -> float:
    by_step = {line["adapt"]: line["accuracy"] for line in lines(part)}
    return 100 * (by_step[last] - by_step[0])


@styled
def draw_steps(frame: pd.DataFrame) -> Drawing:
    """Two rows, accuracy and loss; a column a level and group."""
    columns = list(product(distinct(frame, "level"), ("seen", "new")))
    drawing = canvas(TEXT, 4.0)
    grid = drawing.subplots(2, len(columns), squeeze=False, sharex=True, sharey="row")
    looks = arm_looks([Arm(Mode.EXACT, nu) for nu in sorted(distinct(frame, "nu"))])
    for row, (name, (label, scale)) in zip(grid, _SHOWN.items(), strict=True):
        for axes, (level, group) in zip(row, columns, strict=True):
            for arm, look in looks.items():
                run = only(frame, level=level, group=group, nu=arm.nu).sort_values("adapt")
                axes.plot(run["adapt"], scale * run[name], **look.keywords())
                low, high = scale * run[f"{name}_low"], scale * run[f"{name}_high"]
                axes.fill_between(run["adapt"], low, high, color=look.color, alpha=0.12, linewidth=0)
            axes.xaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
        row[0].set_ylabel(label)
    for axes, (level, group) in zip(grid[0], columns, strict=True):
        axes.set_title(f"{level}, {group}" if len(columns) < 5 else f"{level}\n{group}", pad=3)
    drawing.supxlabel("fine-tuning steps in the test $\\nu'$")
    common_legend(drawing, [look.label for look in looks.values()])
    return drawing
