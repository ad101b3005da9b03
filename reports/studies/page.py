"""What the page says about personalisation: the conclusions, how they were reached, and the tables."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from reports.figures.selection import groups, lines, only
from reports.plans.studies import Level, PersonalisationPlan
from reports.sections import Section, SectionTable
from reports.studies.arms import BUDGETS, Arm
from reports.studies.comparisons import QUESTIONS
from reports.studies.conclusion import conclusion, headline
from reports.studies.own_page import allowed_sentence, allowed_table, split_table, steps_table
from reports.studies.tables import Line, interval_cell, section_table


def personalisation_headline(frames: Mapping[str, pd.DataFrame]) -> str:
    """The finding in one line."""
    return headline(frames["comparisons"], QUESTIONS[0])


def personalisation_section(
    plan: PersonalisationPlan, seeds: int, curvature: float, spreads: Mapping[str, float],
    frames: Mapping[str, pd.DataFrame], diverged: int, backends: Sequence[str],
) -> Section:  # fmt: skip
    """The section of the study; every sentence about results is made from its frames."""
    return Section(
        "personalisation",
        "Do more fine-tuning steps pay?",
        (
            *_conclusions(frames["comparisons"]),
            allowed_sentence(frames["allowed"]),
            _experiment(plan, seeds, spreads),
            _steps(plan, curvature, frames["pilots"]),
            _budgets(plan, frames["results"]),
            _statistics(plan, seeds, diverged, backends),
        ),
        (
            steps_table(frames["means"], "accuracy"),
            steps_table(frames["means"], "loss"),
            split_table(frames["splits"]),
            allowed_table(frames["allowed"]),
            _accuracy_table(plan, frames["means"], "new"),
            _accuracy_table(plan, frames["means"], "seen"),
            _target_table(frames["targets"], "new"),
            _comparison_table(frames["comparisons"]),
            _pilot_table(frames["pilots"]),
        ),
    )


def _conclusions(comparisons: pd.DataFrame) -> list[str]:
    return [conclusion(comparisons, question, budget) for question in QUESTIONS for budget in BUDGETS]


def _experiment(plan: PersonalisationPlan, seeds: int, spreads: Mapping[str, float]) -> str:
    levels = "; ".join(
        f"{level.name} ({_skew(level)}, spread of the gradients at a pilot's start {spreads[level.name]:.3g})"
        for level in plan.levels
    )
    return (
        f"{_subject(plan)} in float32. Each of {seeds} seeds splits the samples anew over "
        f"{plan.seen} agents that take part in training and {plan.new} new ones, with {plan.samples} samples each to "
        f"train and fine-tune on and {plan.held_out} held out, and draws a new start. Every arm trains on all "
        f"{plan.seen} agents with $\\tau = {plan.tau}$ local steps a round; then every agent takes "
        f"$\\nu' = 0$ to ${plan.steps}$ fine-tuning steps on its own samples, and its held-out ones are classified. "
        f"Heterogeneity: {levels}."
    )


def _subject(plan: PersonalisationPlan) -> str:
    if plan.model is not None:
        return f"The samples of {plan.data} and the module {plan.model}"
    return f"Handwritten digits and a tanh network {'-'.join(str(width) for width in (64, *plan.hidden, 10))}"


def _skew(level: Level) -> str:
    if level.natural:
        skew = "the agents that the data names"
    elif level.concentration is None:
        skew = f"{level.labels} labels an agent"
    else:
        skew = f"Dirichlet concentration {level.concentration:g}"
    return skew + (f", {level.relabelled} labels permuted at each agent" if level.relabelled else "")


def _steps(plan: PersonalisationPlan, curvature: float, pilots: pd.DataFrame) -> str:
    edges, chosen = only(pilots, edge=True), only(pilots, chosen=True)
    grid = ", ".join(f"{multiple:g}" for multiple in plan.betas)
    text = (
        f"Step sizes follow one rule for all arms, on a seed that is used for nothing else. $\\alpha = 1/L$ with "
        f"L = {curvature:.3g}, the largest norm of an agent's Hessian found by power iteration along FedAvg (an "
        f"estimate from below). $\\beta$ is the one of {grid} times $\\alpha$ with the smallest own training objective "
        f"$F$, at its largest after half, three quarters and all of {plan.pilot_rounds} rounds. This choice cost "
        f"{pilots['compute'].sum():.3g} gradients an agent and {pilots['seconds'].sum():.0f} s."
    )
    if len(edges):
        text += f" In {len(edges)} of {len(chosen)} choices the best was at an end of the grid."
    return text


def _budgets(plan: PersonalisationPlan, results: pd.DataFrame) -> str:
    ends = only(results, budget="compute").drop_duplicates(["mode", "nu"]).sort_values(["mode", "nu"])
    shown = ", ".join(f"{_arm(line)}: {line['k']}" for line in lines(ends))
    return (
        f"Equal communication means {plan.rounds} rounds for every arm. Equal compute means what the exact mode with "
        f"$\\nu = {plan.budget_nu}$ uses in them, counted by T7 ($\\nu + 1$ gradients and $\\nu$ Hessian-vector "
        f"products a local step; FO $\\nu + 1$, HF $3\\nu + 1$ gradients) with a product priced at "
        f"{plan.product_price:g} gradients: so many rounds for {shown}."
    )


def _statistics(plan: PersonalisationPlan, seeds: int, diverged: int, backends: Sequence[str]) -> str:
    text = (
        "The unit is the seed: accuracies are averaged over agents, and arms are compared seed by seed, on the same "
        f"split and start, by paired t-tests after $\\nu'$ = {', '.join(str(step) for step in plan.compared)} steps. "
        "p-values are Holm-adjusted over all comparisons of one question under one budget, at 5 %; intervals are 95 % "
        "Student intervals of single lines, with a spread of at least one held-out sample. They take differences of "
        "seed means to be about normal, and they are apart from the error level of the verdicts. "
        f"Seconds are those of this machine, engine {' and '.join(backends)}."
    )
    if diverged:
        text += f" {diverged} runs left the finite numbers; their last finite model stands for the rest."
    return text + ("" if seeds > 1 else " With one seed there are no intervals and no tests.")


def _accuracy_table(plan: PersonalisationPlan, means: pd.DataFrame, group: str) -> SectionTable:
    """Accuracy in per cent, by level, arm and budget, at the compared numbers of test steps."""
    steps = sorted({0, *plan.compared})
    keys = ["level", "budget", "mode", "nu", "k"]
    by_step = [
        dict(zip(keys, key, strict=True)) | {str(line["adapt"]): line for line in lines(part)}
        for key, part in groups(only(means, group=group), keys)
    ]
    agents = "new agents" if group == "new" else "agents seen in training"
    return section_table(
        f"Held-out accuracy in per cent on {agents}, means over seeds with 95 % intervals.",
        pd.DataFrame(by_step),
        {
            "level": "level",
            "budget": _budget,
            "trained with": _arm,
            "rounds": "k",
            **{
                f"accuracy, ν′ = {step}": lambda line, step=str(step): interval_cell(line[step], "accuracy", 100, 1)
                for step in steps
            },
            f"loss, ν′ = {plan.shown}": lambda line: interval_cell(line[str(plan.shown)], "loss", 1, 3),
        },
        folded=group == "seen",
    )


def _arm(line: Line) -> str:
    return Arm(line["mode"], line["nu"]).name


def _budget(line: Line) -> str:
    return BUDGETS[line["budget"]]


def _target_table(targets: pd.DataFrame, group: str) -> SectionTable:
    mine = only(targets, group=group)
    return section_table(
        f"To the target accuracy on {group} agents after {mine['adapt'].iloc[0]} fine-tuning steps: rounds, "
        "computation of an agent in gradients, samples evaluated by all agents, seconds of training; means over the "
        "seeds that reach it.",
        mine,
        {
            "level": "level",
            "trained with": _arm,
            "target %": lambda line: 100 * line["target"],
            "seeds there": lambda line: f"{line['reached']} of {line['seeds']}",
            "rounds": "rounds",
            "compute": "compute",
            "sample gradients": "sample_gradients",
            "sample products": "sample_products",
            "seconds": "seconds",
        },
    )


def _comparison_table(comparisons: pd.DataFrame) -> SectionTable:
    words = {question.key: question.baseline for question in QUESTIONS}
    return section_table(
        f"All {len(comparisons)} paired comparisons: differences in accuracy, in points.",
        comparisons,
        {
            "level": "level",
            "budget": _budget,
            "agents": "group",
            "ν′": "adapt",
            "trained with": _arm,
            "against": lambda line: words[line["question"]],
            "points": lambda line: 100 * line["difference"],
            "95 %": _limits,
            "p": "p",
            "adjusted": "adjusted",
            "outcome": "outcome",
        },
        folded=True,
    )


def _limits(line: Line) -> str:
    return "" if math.isnan(line["low"]) else f"[{100 * line['low']:.2f}, {100 * line['high']:.2f}]"


def _pilot_table(pilots: pd.DataFrame) -> SectionTable:
    return section_table(
        "Step sizes chosen on the pilot seed.",
        only(pilots, chosen=True),
        {
            "level": "level",
            "trained with": _arm,
            "α": "alpha",
            "β": "beta",
            "β / α": lambda line: line["beta"] / line["alpha"],
            "pilot objective": "objective",
            "end of grid": lambda line: "yes" if line["edge"] else "",
        },
        folded=True,
    )
