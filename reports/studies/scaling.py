"""The study `scaling`: what runs cost, counted and measured, against the counts of T7."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

import theory
from empirics.algorithm.modes import Mode
from reports.figures.labels import grouped
from reports.figures.selection import distinct, groups, kept, known, lines, only, values
from reports.judging.rows import Verdict
from reports.plans.studies import ScalingPlan
from reports.records.store import Record
from reports.records.workers import OneByOne
from reports.sections import Section, SectionTable
from reports.studies.drawings.scaling import scaling_figures
from reports.studies.execution import execute_all
from reports.studies.scaling_cells import Cost, Weight
from reports.studies.study import Context, StudyResult
from reports.studies.tables import Line, section_table
from theory.planning import communication

NAME = "scaling"
_NUMBER_BYTES = 8
# how far a measured number of vectors may lie from T7's before it is called undecided: allocators round up
_VECTOR_TOLERANCE = 0.5
_ALL_AT_ONCE = 2  # from so many steps on a sweep needs all of its work space, which does not grow any more
_MOST_WEIGHED = 10


def run_scaling(plan: ScalingPlan, context: Context) -> StudyResult:
    """Count and measure every setting, one after another so that none disturbs another's clock."""
    costs = [*agent_cells(plan, context), *step_cells(plan, context)]
    weights = weight_cells(plan, context)
    alone = None if context.workers is None else OneByOne()
    cost_records, weight_records = (execute_all(cells, context.records, alone) for cells in (costs, weights))
    measured = list(zip(costs, cost_records, strict=True))
    frames = {
        "counts": counts_frame(measured),
        "runs": runs_frame(measured),
        "vectors": vectors_frame(list(zip(weights, weight_records, strict=True))),
    }
    broken = broken_counts(frames["counts"])
    keys = [cell.key for cell in (*costs, *weights)]
    section = scaling_section(plan, frames)
    return StudyResult(NAME, headline(plan, frames), frames, [section], scaling_figures(frames), keys, broken)


def agent_cells(plan: ScalingPlan, context: Context) -> list[Cost]:
    """Every number of agents, exact, at the largest nu that is not above 3."""
    nu = max([nu for nu in plan.nus if nu <= 3], default=min(plan.nus))
    return [Cost(n, Mode.EXACT, nu, plan, context.root, context.device) for n in sorted(plan.agents)]


def step_cells(plan: ScalingPlan, context: Context) -> list[Cost]:
    """Every mode and nu at the most agents, without the one that `agent_cells` has."""
    known = agent_cells(plan, context)[-1].nu
    settings = [(mode, nu) for mode in dict.fromkeys((Mode.EXACT, *plan.modes)) for nu in sorted(plan.nus)]
    return [
        Cost(max(plan.agents), mode, nu, plan, context.root, context.device)
        for mode, nu in settings
        if (mode, nu) != (Mode.EXACT, known)
    ]


def weight_cells(plan: ScalingPlan, context: Context) -> list[Weight]:
    """Every nu in the full-batch modes, as far as a few hundred megabytes go."""
    nus = sorted(nu for nu in plan.nus if nu <= _MOST_WEIGHED)
    modes = [mode for mode in Mode if not mode.draws and mode in (Mode.EXACT, *plan.modes)]
    return [Weight(mode, nu, plan, context.root, context.device) for mode in modes for nu in nus]


def predicted_counts(cell: Cost) -> dict[str, int]:
    """What T7 says that a run of this setting evaluates and sends, over all agents and rounds."""
    plan = cell.plan
    sizes: dict[str, Any] = dict(zip(("D", "D_prime", "D_H"), plan.sizes, strict=True))
    cost = theory.costs(cell.mode, cell.nu, **(sizes if cell.mode.draws else {}))
    steps = cell.m * plan.tau * plan.rounds
    one_way = communication(cell.m, plan.d) // 2 * _NUMBER_BYTES * plan.rounds
    return {
        "gradients": int(cost.gradients) * steps,
        "products": int(cost.hessian_vector_products) * steps,
        "sample_gradients": int(cost.sample_gradients) * steps,
        "sample_products": int(cost.sample_hessian_vector_products) * steps,
        "received": one_way,
        "returned": one_way,
        "together": cell.m,
    }


def counts_frame(measured: Sequence[tuple[Cost, Record]]) -> pd.DataFrame:
    """One line per setting and quantity: counted and predicted. together: agents that exist at once."""
    return pd.DataFrame([line for cell, record in measured for line in _counts(cell, record)])


def _counts(cell: Cost, record: Record) -> Iterator[dict[str, Any]]:
    counted: Mapping[str, int] = record.facts["counts"]
    for quantity, value in predicted_counts(cell).items():
        key = {"n": cell.n, "m": cell.m, "mode": cell.mode, "nu": cell.nu, "quantity": quantity}
        yield key | {"counted": int(counted[quantity]), "predicted": value, "equal": int(counted[quantity]) == value}


def broken_counts(counts: pd.DataFrame) -> list[str]:
    """Every count that differs from T7's, in words."""
    return [
        f"T7 at n = {line['n']}, {line['mode']}, nu = {line['nu']}: {line['counted']} {line['quantity']} counted, "
        f"{line['predicted']} predicted"
        for line in lines(only(counts, equal=False))
    ]


def runs_frame(measured: Sequence[tuple[Cost, Record]]) -> pd.DataFrame:
    """One line per setting: seconds and memory growth of a run in which nothing is counted.

    megabytes: growth of resident memory. operations: gradients and products of one local step of one agent, in samples
    for the batch modes. fitted: processor seconds of the line a + b operations through the settings of one mode at the
    most agents; NaN elsewhere.
    """
    runs = []
    for cell, record in measured:
        counted = record.facts["counts"]
        steps = cell.m * cell.plan.tau * cell.plan.rounds
        names = ("gradients", "products", "sample_gradients", "sample_products")
        grown = record.facts["grown"]
        runs.append(
            {
                "n": cell.n, "m": cell.m, "mode": cell.mode, "nu": cell.nu, "backend": record.facts["backend"],
                "operations": sum(counted[name] for name in names) / steps, "seconds": record.facts["seconds"],
                "processor": record.facts["processor"],
                "megabytes": math.nan if grown is None else grown / 1e6,
                "bytes_sent": counted["received"] + counted["returned"],
            }
        )  # fmt: skip
    frame = pd.DataFrame(runs).assign(fitted=math.nan)
    for _, part in groups(only(frame, n=frame["n"].max()), "mode"):
        if len(distinct(part, "operations")) > 1:
            slope, offset = np.polyfit(part["operations"], part["processor"], 1)
            frame.loc[part.index, "fitted"] = offset + slope * part["operations"]
    return frame


def vectors_frame(measured: Sequence[tuple[Weight, Record]]) -> pd.DataFrame:
    """One line per mode and nu: memory of a local step in vectors of all agents, measured and by T7.

    space: the measured work space, what is held beyond T7's vectors. steady: its difference from that at the fewest
    steps (at least two, where there are so many) of the mode, which is 0 when memory grows as T7 says.
    """
    steps = []
    for cell, record in measured:
        grown = record.facts["grown"]
        vectors = math.nan if grown is None else grown / cell.vectors
        memory = int(theory.costs(cell.mode, cell.nu).memory)
        steps.append({"mode": cell.mode, "nu": cell.nu, "measured": vectors, "predicted": memory})
    frame = pd.DataFrame(steps).assign(space=lambda frame: frame["measured"] - frame["predicted"])
    enough = kept(frame, frame["nu"] >= min(_ALL_AT_ONCE, frame["nu"].max()))
    first = enough.sort_values("nu").groupby("mode")["space"].transform("first")
    return frame.assign(steady=enough["space"] - first)


def flatness(runs: pd.DataFrame) -> tuple[float, int, int]:
    """Largest over smallest memory growth among runs with the same participants, and the range of n they span."""
    exact = only(runs, mode=Mode.EXACT.value, m=runs["m"].max())
    middle = kept(exact, values(exact, "n") > values(exact, "m"))
    _, shown = max(groups(middle, "nu", sort=True), key=lambda part: len(distinct(part[1], "n")), default=(0, middle))
    grown = values(shown, "megabytes")
    if len(distinct(shown, "n")) < 2 or not (grown > 0).all():
        return math.nan, 0, 0
    return float(grown.max() / grown.min()), int(values(shown, "n").min()), int(values(shown, "n").max())


def headline(plan: ScalingPlan, frames: Mapping[str, pd.DataFrame]) -> str:
    """The finding in one line."""
    counts, broken = frames["counts"], broken_counts(frames["counts"])
    settings = counts.drop_duplicates(["n", "mode", "nu"])
    if broken:
        return f"{len(broken)} counts differ from those of T7, the first: {broken[0]}"
    ratio, low, high = flatness(frames["runs"])
    flat = (
        "" if math.isnan(ratio)
        else f"; from {grouped(low)} to {grouped(high)} agents memory changes by a factor {ratio:.2f}"
    )  # fmt: skip
    return f"Every count equals that of T7 in {len(settings)} settings, up to {_agents(plan)}{flat}"


def _agents(plan: ScalingPlan) -> str:
    most = max(plan.agents)
    return f"{grouped(most)} agents of whom {min(plan.participants, most)} take part"


def scaling_section(plan: ScalingPlan, frames: Mapping[str, pd.DataFrame]) -> Section:
    """The section of the study."""
    ratio, low, high = flatness(frames["runs"])
    fitted = known(frames["runs"], "fitted")
    off = np.abs(values(fitted, "processor") / values(fitted, "fitted") - 1).max(initial=0.0)
    paragraphs = [
        "T7 says what a local step of an agent costs: exact $\\nu + 1$ gradients and $\\nu$ Hessian-vector products, "
        "FO $\\nu + 1$ gradients, HF $3\\nu + 1$ gradients, batch modes the same in samples; $\\nu + 2$ vectors of "
        "memory (FO 2); and $2md$ numbers sent in a round. Here a task counts what it is asked for, and every count is "
        "compared with the product of T7's and the number of agents, local steps and rounds.",
        f"Agents are quadratics in {plan.d} dimensions, made from (seed, agent) when they take part: "
        f"{plan.rounds} rounds of {plan.tau} local steps with at most {plan.participants} participants. Counts come "
        "from the torch engine; seconds, on the clock and of the processor, are those of the fastest of three "
        "runs that are not counted, on the engine that runs choose, and the growth of resident memory is that of one "
        "more such run.",
        _flat_words(plan, ratio, low, high),
    ]
    if len(fitted):
        paragraphs.append(
            "Within a mode the processor seconds follow a straight line in T7's operations (its offset is what making "
            f"agents costs) to within {100 * off:.0f} %."
        )
    tables = (_verdict_table(frames["counts"]), _run_table(frames["runs"]), _vector_table(frames["vectors"]))
    return Section("scaling", "What does a run cost?", tuple(paragraphs), tables)


def _flat_words(plan: ScalingPlan, ratio: float, low: int, high: int) -> str:
    if math.isnan(ratio):
        return "Resident memory could not be measured here; the agents that exist at once are counted in the table."
    flat = "flat" if ratio <= plan.flat else "not flat"
    return (
        f"From n = {grouped(low)} to {grouped(high)} with equally many participants the growth of resident memory "
        f"changes by a factor {ratio:.2f}: it is {flat} in n (at most {plan.flat:g} is called flat). Only participants "
        "are ever made."
    )


_QUANTITIES = {
    "gradients": "gradients",
    "products": "Hessian-vector products",
    "sample_gradients": "sample gradients",
    "sample_products": "sample Hessian-vector products",
    "received": "bytes received by agents",
    "returned": "bytes returned by agents",
    "together": "agents that exist at once",
}


def _mode(line: Line) -> str:
    return line["mode"].replace("_", " ")


def _verdict_table(counts: pd.DataFrame) -> SectionTable:
    return section_table(
        "Counted against T7, over all agents, local steps and rounds.",
        kept(counts, (values(counts, "predicted") > 0) | (values(counts, "counted") > 0)),
        {
            "mode": _mode,
            "n": "n",
            "m": "m",
            "ν": "nu",
            "quantity": lambda line: _QUANTITIES[line["quantity"]],
            "counted": lambda line: str(line["counted"]),
            "by T7": lambda line: str(line["predicted"]),
            "verdict": lambda line: Verdict.HOLDS if line["equal"] else Verdict.VIOLATED,
        },
    )


def _run_table(runs: pd.DataFrame) -> SectionTable:
    return section_table(
        "Seconds and growth of resident memory of one run, not counted.",
        runs,
        {
            "mode": _mode,
            "n": "n",
            "m": "m",
            "ν": "nu",
            "operations": "operations",
            "seconds": "seconds",
            "processor s": "processor",
            "line": "fitted",
            "MB grown": "megabytes",
            "MB sent": lambda line: line["bytes_sent"] / 1e6,
            "engine": "backend",
        },
    )


def _vector_table(vectors: pd.DataFrame) -> SectionTable:
    caption = (
        "Memory of a local step in vectors of all agents (torch engine). It grows by T7's if the work space beside "
        f"these vectors stays the same from ν = {_ALL_AT_ONCE} on."
    )
    columns = {"mode": _mode, "ν": "nu", "vectors": "measured", "by T7": "predicted", "work space": "space"}
    return section_table(caption, vectors, {**columns, "verdict": lambda line: _near(line["steady"])})


def _near(steady: float) -> Verdict | None:
    """Memory is measured, not counted: far from T7's it is undecided, since allocators keep what they like."""
    if math.isnan(steady):
        return None
    return Verdict.HOLDS if abs(steady) <= _VECTOR_TOLERANCE else Verdict.INCONCLUSIVE
