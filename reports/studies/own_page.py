"""What the page says of agents, of every number of test steps, and of what theory allows: tables of the study."""

from __future__ import annotations

import math

import pandas as pd

from empirics.algorithm.modes import Mode
from reports.figures.selection import groups, lines, only
from reports.sections import SectionTable
from reports.studies.arms import Arm
from reports.studies.tables import interval_cell, section_table


def split_table(splits: pd.DataFrame) -> SectionTable:
    """How unlike the agents' labels are, level by level."""
    return section_table(
        "The agents of the pilot seed: samples and labels of an agent, and the mean total variation distance between "
        "an agent's shares of labels and those of all (0: alike, at most 1).",
        splits,
        {
            "level": "level",
            "agents": "agents",
            "samples of one": lambda line: _range(line["smallest"], line["largest"]),
            "labels in all": "labels",
            "labels of one": lambda line: (
                f"{_range(line['labels_fewest'], line['labels_most'])}, mean {line['labels_mean']:.3g}"
            ),
            "distance": "distance",
        },
    )


def _range(low: float, high: float) -> str:
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def steps_table(means: pd.DataFrame, name: str) -> SectionTable:
    """Accuracy in per cent or loss after 0, 1, ... test steps, of exact arms after equal communication."""
    scale, digits, what = (100.0, 1, "accuracy in per cent") if name == "accuracy" else (1.0, 3, "loss")
    mine = only(means, budget="communication", mode=Mode.EXACT.value)
    steps = sorted(set(mine["adapt"]))
    rows = [
        {"level": level, "group": group, "nu": nu, **{str(line["adapt"]): interval_cell(line, name, scale, digits)
                                                      for line in lines(part)}}
        for (level, group, nu), part in groups(mine, ["level", "group", "nu"])
    ]  # fmt: skip
    return section_table(
        f"Held-out {what} before and after ν′ fine-tuning steps, of agents seen in training and of new ones; means "
        "over seeds with 95 % intervals.",
        pd.DataFrame(rows),
        {
            "level": "level",
            "agents": "group",
            "trained with": lambda line: Arm(Mode.EXACT, line["nu"]).name,
            **{f"ν′ = {step}": str(step) for step in steps},
        },
        folded=name != "accuracy",
    )


def allowed_table(allowed: pd.DataFrame) -> SectionTable:
    """What T2 admits beside what the study took."""
    return section_table(
        "What theory allows: the largest server step β of T2 and its bound on the mean squared meta-gradient there, "
        "beside the step that the study chose. L, rho, B and gamma are estimated from below along FedAvg, so the true "
        "step is smaller and the true bound larger.",
        allowed,
        {
            "level": "level",
            "trained with": lambda line: Arm(Mode.EXACT, line["nu"]).name,
            "α": "alpha",
            "L_F (S4)": "L_F",
            "β allowed": "beta_allowed",
            "β taken": "beta",
            "taken / allowed": lambda line: line["beta"] / line["beta_allowed"],
            "T2 at β allowed": "limit",
            "trivial B_F²": "trivial",
        },
    )


def allowed_sentence(allowed: pd.DataFrame) -> str:
    """What the table says, in a sentence or two."""
    known = [line for line in lines(allowed) if not math.isnan(line["beta_allowed"])]
    if not known:
        return "What theory allows: T2 admits no server step here."
    ratios = [line["beta"] / line["beta_allowed"] for line in known]
    telling = [line for line in known if line["limit"] < line["trivial"]]
    text = (
        "What theory allows: the server steps that the study chose are "
        f"{min(ratios):.3g} to {max(ratios):.3g} times the largest that T2 admits with constants estimated "
        f"from below along FedAvg; T2 there is below the trivial bound for {len(telling)} of {len(allowed)} lines."
    )
    if max(ratios) > 1:
        text += " Where the ratio is above 1 nothing is proved about the run that was best in practice."
    return text
