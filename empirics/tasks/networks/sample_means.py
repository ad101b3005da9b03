"""Whether a loss of several samples is the mean of the losses of each, for every agent's targets."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.func import vmap

from empirics.numerics.errors import InputError
from empirics.numerics.memory import out_of_memory
from empirics.tasks.networks.dense_form import loss_name
from empirics.tasks.networks.module_checks import spaced
from empirics.tasks.networks.module_traces import one_line

Loss = Callable[[Any, Any], Any]
# calls of a loss that cannot be batched, and values that are looked at together
_CALLS, _VALUES = 2048, 2**20
# samples looked at one at a time where the loss is torch's own mean
_SAMPLES_KNOWN = 8


def refuse_other_means(loss: Loss, agents: list[int], outputs: Tensor, y: Tensor) -> None:
    """Refuse a loss that is not one finite number, the same when asked again, and the mean over single samples.

    `outputs` (agents, samples, ...) are those of the agents listed; y (n, samples, ...) is that of all n. Torch's own
    means are looked at for the first agent, as their form depends on shapes alone; of any other loss the targets of
    every agent are, those of agents without outputs beside outputs of others.

    >>> loss = torch.nn.CrossEntropyLoss(weight=torch.tensor([1.0, 9.0]))
    >>> refuse_other_means(loss, [0], torch.ones(1, 2, 2).tril(), torch.tensor([[0, 0], [0, 1]]))
    Traceback (most recent call last):
    ...
    empirics.numerics.errors.InputError: the loss CrossEntropyLoss: loss(output, y) = ...
    """
    with torch.no_grad(), torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        # torch warns where shapes broadcast by accident; the comparison below decides about that.
        warnings.simplefilter("ignore")
        _refuse_first(loss, agents[0], outputs[0], y[agents[0]])
        if loss_name(loss) is not None:
            few = torch.tensor(spaced(outputs.shape[1], _SAMPLES_KNOWN), device=y.device)
            pair = outputs[0][few.to(outputs.device)], y[agents[0]][few]
            _refuse(loss, [agents[0]], {agents[0]}, *_one_by_one(loss, [agents[0]], [pair]))
            return
        rest = [agent for agent in range(len(y)) if agent not in set(agents)]
        order = agents + rest
        size = max(1, _VALUES // max(outputs[0].numel(), y[0].numel()))
        for first in range(0, len(order), size):
            some = order[first : first + size]
            beside = outputs[torch.arange(first, first + len(some)) % len(outputs)]
            values = _batched(loss, beside, y[some])
            if values is None:
                break
            _refuse(loss, some, set(agents), *values)
        else:
            return
        few = _representatives(y, order, max(1, _CALLS // (y.shape[1] + 1)))
        pairs = [(outputs[order.index(agent) % len(outputs)], y[agent]) for agent in few]
        _refuse(loss, few, set(agents), *_one_by_one(loss, few, pairs))


def _refuse_first(loss: Loss, agent: int, output: Tensor, y: Tensor) -> None:
    one, other = (float(_asked(loss, agent, output, y)) for _ in range(2))
    if not math.isfinite(one):
        raise InputError(
            f"the loss {_name(loss)}: loss(output, y) = {one:g} on agent {agent}'s samples at the module's own "
            f"parameters: expected a finite number{_because(loss)}"
        )
    if not abs(one - other) <= 1e3 * torch.finfo(output.dtype).eps * abs(one):
        raise InputError(
            f"the loss {_name(loss)}: loss(output, y) = {one:g}, then {other:g}, on the same output: expected a "
            "function of output and y; remove what draws at random or keeps state"
        )


def _asked(loss: Loss, agent: int, output: Tensor, y: Tensor) -> Tensor:
    try:
        value = loss(output, y)
    except Exception as error:
        if out_of_memory(error):
            raise
        raise InputError(
            f"the loss {_name(loss)} fails on agent {agent}'s output {tuple(output.shape)}, y {tuple(y.shape)}: "
            f"{one_line(error)}; expected a loss of such outputs and targets"
        ) from None
    if not isinstance(value, Tensor) or value.numel() != 1 or not value.is_floating_point():
        raise InputError(f"the loss {_name(loss)}: loss(output, y) is not one number: expected the mean over samples")
    return value.reshape(())


def _batched(loss: Loss, outputs: Tensor, y: Tensor) -> tuple[Tensor, Tensor] | None:
    """Losses (m,) of agents and (m, samples) of samples, by vmap; None where it does not serve this loss."""

    def number(output: Tensor, target: Tensor) -> Tensor:
        return loss(output, target).reshape(())

    try:
        whole = vmap(number)(outputs, y)
        single = vmap(vmap(number))(outputs.unsqueeze(2), y.unsqueeze(2))
    except Exception as error:
        if out_of_memory(error):
            raise
        return None
    direct = loss(outputs[0], y[0]).reshape(())
    # A wrong batching rule is no reason to refuse a loss that can be asked one agent at a time.
    return (whole, single) if bool(torch.isclose(whole[0], direct, rtol=1e-5, equal_nan=True)) else None


def _one_by_one(loss: Loss, agents: list[int], pairs: list[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    whole, single = [], []
    for agent, (output, y) in zip(agents, pairs, strict=True):
        whole.append(_asked(loss, agent, output, y))
        single.append(torch.stack([_asked(loss, agent, output[k : k + 1], y[k : k + 1]) for k in range(len(output))]))
    return torch.stack(whole), torch.stack(single)


def _representatives(y: Tensor, order: list[int], most: int) -> list[int]:
    """Agents whose labels differ as sets of numbers, as many as may be asked; those of other targets evenly spaced."""
    if y.is_floating_point():
        return [order[place] for place in spaced(len(order), most)]
    rows = np.sort(y.reshape(len(y), -1).cpu().numpy(), axis=1)
    first = sorted({tuple(np.unique(rows[agent])): agent for agent in reversed(order)}.values())
    return [first[place] for place in spaced(len(first), most)]


def _refuse(loss: Loss, agents: list[int], real: set[int], whole: Tensor, single: Tensor) -> None:
    # Two sums of the same terms in two orders: far above their rounding, far below a lost 1/S.
    tolerance = 1e-3 if whole.dtype == torch.float32 else 1e-6
    mean = single.mean(1)
    good = (whole - mean).abs() <= tolerance * single.abs().mean(1) + 1e-30
    for place in torch.nonzero(~good).flatten().tolist():
        finite = bool(torch.isfinite(mean[place]))
        if agents[place] not in real and not finite and not _reasons(loss):
            # outputs of another agent may lie where the loss of these targets has no value
            continue
        found, its = float(whole[place]), float(mean[place])
        raise InputError(
            f"the loss {_name(loss)}: loss(output, y) = {found:g} on agent {agents[place]}'s samples, but its mean "
            f"over single samples is {its:g}: expected a finite mean (reduction='mean'), y of the output's shape, "
            f"samples apart{_because(loss)}"
        )


def _reasons(loss: Loss) -> list[str]:
    found = []
    if _option(loss, "reduction", "mean") != "mean":
        found.append(f"reduction = {_option(loss, 'reduction', 'mean')!r} is no mean")
    if isinstance(_option(loss, "weight", None), Tensor):
        found.append("class weights make the mean a weighted one, whose weights depend on the batch; expected none")
    if _option(loss, "ignore_index", -100) >= 0:
        ignored = _option(loss, "ignore_index", -100)
        found.append(
            f"ignore_index = {ignored} leaves samples out of the mean, and one of such samples alone is nan; leave "
            "these samples out of x and y"
        )
    return found


def _because(loss: Loss) -> str:
    return "".join(f"; {reason}" for reason in _reasons(loss))


def _option(loss: Loss, name: str, otherwise: Any) -> Any:
    given = loss.keywords.get(name, otherwise) if isinstance(loss, partial) else getattr(loss, name, otherwise)
    return otherwise if given is None or callable(given) else given


def _name(loss: Loss) -> str:
    return str(getattr(loss.func if isinstance(loss, partial) else loss, "__name__", type(loss).__name__))
