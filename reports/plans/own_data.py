"""A user's samples and module beside a plan: its studies on them, sized to what the file holds, and a task for rows."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from empirics import InputError, Samples
from reports.plans.own_task import with_own_task
from reports.plans.plan import Plan, PlanError
from reports.plans.studies import Level, PersonalisationPlan
from reports.tasks.own_network import module_of, network_task, own_network, samples_in
from reports.tasks.packaged import NETWORK
from reports.user_objects import UserObjectError

# of the agents that a file names, so many keep all of their samples' count: the smallest fifth may be left out
_KEPT = 0.8
# of an agent, to fine-tune on and to hold out
_FEWEST = 2
# agents and samples of the task whose rows the report has
_AGENTS, _SAMPLES = 5, 16


def with_own_data(plan: Plan, data: str, model: str) -> Plan:
    """The plan with its personalisation study on these samples and this module, and with rows about them.

    data: a file that `empirics.read_samples` reads. model: MODULE:NAME of an nn.Module, or of what makes one.

    Raises:
        PlanError: the plan has no such study, or file and module do not go together.
    """
    if not any(isinstance(study, PersonalisationPlan) for study in plan.studies):
        raise PlanError("--data and --model: the plan has no personalisation study; expected --plan personalisation")
    try:
        found = samples_in(data)
        studies = [
            fitted(study, found).model_copy(update={"data": data, "model": model})
            if isinstance(study, PersonalisationPlan)
            else study
            for study in plan.studies
        ]
        study = next(one for one in studies if isinstance(one, PersonalisationPlan))
        check_study(study)
        arguments = _arguments(study, data, model)
        task = own_network(**arguments)
    except (InputError, UserObjectError, ValueError) as error:
        raise PlanError(f"--data {data} --model {model}: {error}") from None
    return with_own_task(plan.model_copy(update={"studies": studies}), NETWORK, task, arguments)


def check_study(study: PersonalisationPlan) -> None:
    """Refuse a study of a user's own whose module does not take its samples, or that asks for more than there is.

    Raises:
        InputError: what does not fit.
        UserObjectError: there is no such module.
    """
    if study.data is None or study.model is None:
        return
    found = samples_in(study.data)
    if not found.classified:
        raise InputError(
            f"y has shape {found.y.shape}, {found.y.dtype}: the study compares accuracies, expected classes"
        )
    _check_sizes(study, found)
    one_each = np.unique(found.y, return_index=True)[1][None]
    network_task(module_of(study.model, 0), found.x[one_each], found.y[one_each])


def fitted(study: PersonalisationPlan, found: Samples) -> PersonalisationPlan:
    """The study with as many agents and samples as the file has, at most what the plan asks for.

    Agents that the file names keep their samples (one level, `natural`); `samples` and `held_out` go down in
    proportion to what four fifths of the agents have, and the others are left out. Else the plan's levels deal the
    samples to its agents.

    Raises:
        InputError: fewer than two agents, or than two samples an agent.
    """
    wanted, agents = study.samples + study.held_out, study.seen + study.new
    if found.agent is None:
        size = min(wanted, len(found.y) // agents)
        levels = [one.model_copy(update={"relabelled": _at_most(one.relabelled, found)}) for one in study.levels]
        levels = [one for one in levels if one.labels is None or one.labels <= len(found.labels)]
    else:
        sizes = sorted(Counter(found.agent.tolist()).values(), reverse=True)
        size = min(wanted, sizes[min(len(sizes), int(np.ceil(_KEPT * len(sizes)))) - 1])
        agents = min(agents, sum(count >= size for count in sizes))
        levels = [Level(name="natural", natural=True)]
    if agents < 2 or size < _FEWEST or not levels:
        raise InputError(f"{agents} agents with {size} samples each: expected at least 2 and {_FEWEST}")
    held_out = max(1, round(size * study.held_out / wanted))
    new = max(1, round(agents * study.new / (study.seen + study.new)))
    sizes_of = {"seen": agents - new, "new": new, "samples": size - held_out, "held_out": held_out}
    return study.model_copy(update={"levels": levels, **sizes_of})


def shares(study: PersonalisationPlan) -> str:
    """What the file holds and how much of it each part of the study takes, in a line."""
    assert study.data is not None
    found = samples_in(study.data)
    named = "no agents named" if found.agent is None else f"{len(set(found.agent.tolist()))} agents"
    taken = f"{study.seen} seen and {study.new} new agents"
    return (
        f"{len(found.y)} samples, {len(found.labels)} labels, {named}; a seed takes {taken} with {study.samples} "
        f"samples each and {study.held_out} held out"
    )


def _at_most(relabelled: int, found: Samples) -> int:
    count = min(relabelled, len(found.labels))
    return count if count > 1 else 0


def _check_sizes(study: PersonalisationPlan, found: Samples) -> None:
    agents, size = study.seen + study.new, study.samples + study.held_out
    for level in study.levels:
        if level.natural and found.agent is None:
            raise InputError(f"level {level.name} is natural, but the file names no agents: expected a column agent")
        if level.natural:
            there = sum(count >= size for count in Counter(found.agent.tolist()).values())
            if there < agents:
                raise InputError(f"{there} agents have samples + held_out = {size}: expected seen + new = {agents}")
        elif agents * size > len(found.y):
            raise InputError(f"{agents} agents with {size} samples each: expected at most {len(found.y)} in all")
        elif max(level.labels or 0, level.relabelled) > len(found.labels):
            raise InputError(f"level {level.name}: expected at most {len(found.labels)} labels, as the file has")


def _arguments(study: PersonalisationPlan, data: str, model: str) -> dict[str, Any]:
    """Arguments of the task for rows: a few agents of the first level, so that every row takes seconds."""
    level = study.levels[0]
    dealt = {"concentration": level.concentration, "labels": level.labels}
    size = min(_SAMPLES, study.samples + study.held_out)
    return {
        "model": model,
        "data": data,
        "agents": min(_AGENTS, study.seen),
        "samples": size,
        **{name: value for name, value in dealt.items() if value is not None},
    }
