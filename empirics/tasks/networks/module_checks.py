"""Whether a module is a function of its parameters and of one sample at a time, asked by evaluating it."""

from __future__ import annotations

import copy
import warnings
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor, nn

from empirics.numerics.errors import InputError
from empirics.numerics.memory import out_of_memory
from empirics.tasks.networks.agent_model import AgentModel
from empirics.tasks.networks.layer_kinds import all_known
from empirics.tasks.networks.module_traces import calls, failing, first_unlike, one_line
from empirics.tasks.networks.network_data import in_precision

# agents whose samples the module is evaluated on, and samples of the first that it is evaluated on one at a time
_AGENTS, _SAMPLES = 32, 64
_SAMPLES_KNOWN = 8


def spaced(count: int, most: int) -> list[int]:
    """At most so many of the numbers below `count`, evenly spaced, 0 first.

    >>> spaced(3, 8), spaced(10, 4)
    ([0, 1, 2], [0, 2, 5, 7])
    """
    return list(range(count)) if count <= most else [place * count // most for place in range(most)]


def probe(module: nn.Module, x: Tensor) -> tuple[list[int], Tensor]:
    """Some agents, all of them when they are few, and the outputs (agents, samples, ...) on their samples.

    Refused: a module that fails, an output that differs when evaluated twice or on one sample alone, and a parameter
    or a buffer that changes. Of torch's own layers on real numbers, which cannot fail on one agent only, the first
    agent is enough.
    """
    known = all_known(module) and x.is_floating_point()
    agents = [0] if known else spaced(len(x), _AGENTS)
    with torch.no_grad(), torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        # torch warns where shapes broadcast by accident; the comparisons decide about that.
        warnings.simplefilter("ignore")
        before = {name: value.clone() for name, value in _state(module).items()}
        outputs = [_evaluated(module, x[agent], f"agent {agent}'s x {tuple(x.shape[1:])}") for agent in agents]
        _refuse_changes(module, x[0], outputs[0], before)
        _refuse_mixing(module, x, agents, outputs, _SAMPLES_KNOWN if known else _SAMPLES)
    return agents, torch.stack(outputs)


def refuse_hidden(model: AgentModel, given: nn.Module, x: Tensor, y: Tensor) -> None:
    """Refuse a loss that depends on trainable tensors other than the parameters that it is given.

    Those are layers kept in a plain list, parameters kept under a second, plain name, and functions that refer to the
    module given instead of to its copy.
    """
    parameters = tuple(part.detach() for part in model.module.parameters())
    with torch.enable_grad(), torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            value = model.loss(parameters, x, y)
        except Exception as error:
            if out_of_memory(error):
                raise
            words = failing(model.module, lambda: model.loss(parameters, x, y)) or "the module or its loss"
            raise InputError(
                f"{words}: it runs, but not with its parameters exchanged for others (torch.func.functional_call): "
                f"{one_line(error)}; expected a plain torch.nn.Module, without a wrapper such as DataParallel"
            ) from None
    names = {id(part): name for module in (given, model.module) for name, part in module.named_parameters()}
    for leaf in _leaves(value):
        if isinstance(leaf, nn.Parameter):
            name = names.get(id(leaf))
            known = f"its parameter {name} under another name" if name else "one that is not among its parameters"
            raise InputError(
                f"the module or its loss computes with a trainable tensor of shape {tuple(leaf.shape)}, {known}: "
                "expected only registered parameters, used as attributes of the module (nn.ModuleList for lists of "
                "layers); register it, or detach it to keep it as it is"
            )


def _leaves(value: Tensor) -> list[Tensor]:
    found, seen, left = [], set(), [value.grad_fn]
    while left:
        node = left.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        variable = getattr(node, "variable", None)
        found += [] if variable is None else [variable]
        left += [following for following, _ in node.next_functions]
    return found


def widest(module: nn.Module, x: Tensor) -> int:
    """The largest number of values for one sample that the module or a part of it puts out.

    >>> widest(nn.Sequential(nn.Linear(2, 5), nn.Tanh(), nn.Linear(5, 1)), torch.zeros(3, 2))
    5
    """
    largest = x[0].numel()

    def see(part: nn.Module, given: Any, output: Any) -> None:
        nonlocal largest
        if isinstance(output, Tensor):
            largest = max(largest, output.numel() // len(x))

    handles = [part.register_forward_hook(see) for part in module.modules()]
    try:
        with torch.no_grad():
            module(x)
    finally:
        for handle in handles:
            handle.remove()
    return largest


def _state(module: nn.Module) -> dict[str, Tensor]:
    return {**dict(module.named_parameters()), **dict(module.named_buffers())}


def _evaluated(module: nn.Module, x: Tensor, where: str) -> Tensor:
    try:
        output = module(x)
    except Exception as error:
        if out_of_memory(error):
            raise
        # Anything may be wrong with a user's module; it is said where and what.
        words = failing(module, lambda: module(x)) or "the module"
        raise InputError(f"{words}: it fails on {where}: {one_line(error)}; expected x for which it runs") from None
    if not isinstance(output, Tensor) or output.dim() == 0 or len(output) != len(x):
        found = f"shape {tuple(output.shape)}" if isinstance(output, Tensor) else f"a {type(output).__name__}"
        raise InputError(f"the module's output on {where} is {found}: expected a tensor with one row a sample")
    if not output.is_floating_point():
        raise InputError(f"the module's output on {where} has dtype {output.dtype}: expected real numbers")
    return output


def _refuse_changes(module: nn.Module, x: Tensor, first: Tensor, before: dict[str, Tensor]) -> None:
    """Compare a second evaluation with the first, and what the module keeps with what it kept before."""
    differs = not same(first, module(x))
    after = _state(module)
    changed = [name for name, old in before.items() if name not in after or not _equal(old, after[name])]
    if changed or len(after) != len(before):
        name = changed[0] if changed else next(name for name in after if name not in before)
        kind = "parameter" if name in dict(module.named_parameters()) else "buffer"
        raise InputError(
            f"the module is not a function of its parameters and inputs: being evaluated changed a {kind}, {name}; "
            "keep no state in forward"
        )
    if differs:
        words = first_unlike(calls(module, lambda: module(x)), calls(module, lambda: module(x)), same)
        raise InputError(
            f"{words or 'the module'}: it is not a function of its parameters and inputs: two evaluations in a row "
            "differ; remove what draws at random or keeps state"
        )


def _refuse_mixing(module: nn.Module, x: Tensor, agents: list[int], outputs: list[Tensor], most: int) -> None:
    """One sample alone, and an agent's samples among those of others, must give what they gave together."""
    for k in spaced(x.shape[1], most):
        _refuse_unlike(module, x[0], slice(k, k + 1), outputs[0], f"sample {k} of agent 0 alone")
    for one, other, mine in zip(agents[1:], agents, outputs[1:], strict=False):
        pooled = torch.cat([x[one], x[other]])
        both = _evaluated(module, pooled, f"the samples of agents {one} and {other} together")
        if not _alike(both[: len(mine)], mine):
            _refuse_unlike(module, pooled, slice(len(mine)), both, f"the samples of agent {one} alone")


def _refuse_unlike(module: nn.Module, x: Tensor, rows: slice, whole: Tensor, where: str) -> None:
    part = _evaluated(module, x[rows], where)
    if _alike(part, whole[rows]):
        return
    if x.dtype == torch.float32:
        # a steep network magnifies the rounding of float32, and that of float64 less
        wide = in_precision(copy.deepcopy(module), torch.float64)
        with suppress(RuntimeError):
            whole = wide(x.double())
            return _refuse_unlike(wide, x.double(), rows, whole, where)

    def agrees(one: Tensor, other: Tensor) -> bool:
        return _alike(one, other[rows] if other.dim() and len(other) == len(x) else other)

    words = first_unlike(calls(module, lambda: module(x[rows])), calls(module, lambda: module(x)), agrees)
    raise InputError(
        f"{words or 'the module'}: it mixes samples: {where} gives another output than among others, so the loss is "
        "not the mean over single samples; expected samples apart, on axis 0"
    )


def same(first: Tensor, second: Tensor) -> bool:
    """Equal up to the rounding of sums: a library may share them out among more or fewer threads the next time."""
    return _close(first, second, 1e3 * torch.finfo(first.dtype).eps if first.is_floating_point() else 0.0)


def _alike(first: Tensor, second: Tensor) -> bool:
    # Sums of the same terms in two orders, through a network: far above their rounding, far below another function.
    return _close(first, second, 1e-3 if first.dtype == torch.float32 else 1e-6)


def _close(first: Tensor, second: Tensor, tolerance: float) -> bool:
    if first.shape != second.shape or first.dtype != second.dtype:
        return False
    if first.is_complex():
        return _close(torch.view_as_real(first), torch.view_as_real(second), tolerance)
    if not first.is_floating_point():
        return torch.equal(first, second)
    gap = (first - second).abs().nan_to_num(0.0 if torch.equal(first.isnan(), second.isnan()) else torch.inf)
    size = first.abs().nan_to_num(0.0)
    return bool((gap <= tolerance * size.max()).all()) if first.numel() else True


def _equal(old: Tensor, new: Tensor) -> bool:
    return old.shape == new.shape and old.dtype == new.dtype and torch.equal(old.nan_to_num(), new.nan_to_num())
