"""A module and data of a user's own as a task: an nn.Module by MODULE:NAME, samples from a file."""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from empirics import InputError, NetworkTask, Samples, dirichlet_partition, label_partition, natural_partition
from empirics import read_samples as _read
from empirics.certificates.norms.affine import degrees
from empirics.certificates.norms.blocks import SPLITTING
from empirics.certificates.norms.recorded_losses import agent_losses
from empirics.certificates.norms.table import TABLE
from empirics.graphs.recording import UntraceableError
from empirics.tasks.networks.architectures import seeded
from empirics.tasks.networks.layer_kinds import declared_smooth
from reports.refusal import described
from reports.user_objects import load

_CONCENTRATION = 0.5
_CUTS = (*SPLITTING, operator.getitem)


def own_network(
    model: str,
    data: str,
    *,
    agents: int = 10,
    samples: int = 32,
    concentration: float | None = None,
    labels: int | None = None,
    seed: int = 0,
) -> NetworkTask:
    """The loss of a user's module on the samples of a file, for the first of its agents.

    The loss is cross-entropy for class labels (`Samples.classified`), else the mean square. Statements that need A2 do
    not apply to a module that is not known to be smooth.

    Args:
        model: MODULE:NAME of an nn.Module, or of what makes one without arguments (initialised from the seed).
        data: a file that `empirics.read_samples` reads.
        agents: how many of the file's agents, or into how many agents it is dealt where it names none.
        samples: of each agent; agents of the file with fewer are left out.
        concentration, labels: how a file without agents is dealt (`dirichlet_partition`, by default with 0.5, or
            `label_partition`).
        seed: of the module, the deal, and which samples of an agent are taken.

    Raises:
        InputError: a file or module that cannot be used, or too few agents or samples.
    """
    found = samples_in(data)
    parts = _parts(found, agents, samples, concentration, labels, seed)
    generator = np.random.default_rng([seed, 1])
    chosen = np.array([generator.permutation(part)[:samples] for part in parts])
    x = found.x[chosen]
    x = x.astype(np.float64) if x.dtype.kind == "f" else x  # as rows are computed, whatever the file's precision
    return network_task(module_of(model, seed), x, found.y[chosen])


def network_task(module: nn.Module, x: np.ndarray, y: np.ndarray) -> NetworkTask:
    """Cross-entropy for integer y (agents, samples), else the mean square; smooth where that can be told."""
    classified = y.ndim == 2 and y.dtype.kind == "i"
    loss = nn.functional.cross_entropy if classified else nn.functional.mse_loss
    targets = y if classified or y.ndim > 2 else y[..., None]  # one output a sample
    smooth = _smooth(module, torch.as_tensor(x[:1]), torch.as_tensor(targets[:1]), loss)
    return NetworkTask(module, torch.as_tensor(x), torch.as_tensor(targets), loss, smooth=smooth)


def _smooth(module: nn.Module, x: Tensor, y: Tensor, loss: Callable[[Any, Any], Any]) -> bool:
    """By the kinds of its layers; for classes of a user's own, by the operations of the recorded loss.

    Every operation that a certificate has a rule for is smooth where the rule applies; others count as not smooth.
    """
    try:
        return declared_smooth(module, loss, None)
    except InputError:
        pass
    try:
        graph = agent_losses(NetworkTask(module, x, y, loss, smooth=True)).graph.graph
    except (InputError, UntraceableError):
        return False
    affine = degrees(graph)  # in w, as far as that is known
    bent = (node for node in graph.nodes if node.op == "call_function" and affine.get(node, 2) > 1)
    return all(node.target in TABLE or node.target in _CUTS for node in bent)


def module_of(name: str, seed: int) -> nn.Module:
    """The module MODULE:NAME: a copy of an nn.Module, or what is made without arguments, initialised from the seed.

    torch's own generator is left as it was.

    Raises:
        InputError: neither a module nor a way to make one.
        UserObjectError: there is no such name.
    """
    found = load(name)
    if isinstance(found, nn.Module):
        return copy.deepcopy(found)
    if not callable(found):
        raise InputError(f"{name} is a {type(found).__name__}: expected an nn.Module or what makes one")

    def made() -> nn.Module:
        try:
            module = found()
        except Exception as error:  # a user's code may raise anything
            raise InputError(f"{name}: {described(error, 'when made without arguments')}") from None
        if not isinstance(module, nn.Module):
            raise InputError(f"{name} makes a {type(module).__name__}: expected an nn.Module")
        return module

    return seeded(made, seed)


def samples_in(data: str) -> Samples:
    """The samples of a file, kept until the file changes.

    Raises:
        InputError: as `empirics.read_samples`.
    """
    path = Path(data)
    return _kept(data, path.stat().st_mtime_ns if path.is_file() else 0)


@lru_cache(maxsize=2)
def _kept(data: str, _changed: int) -> Samples:
    return _read(data)


def _parts(
    found: Samples, agents: int, samples: int, concentration: float | None, labels: int | None, seed: int
) -> list[np.ndarray]:
    dealt = concentration is not None or labels is not None
    if concentration is not None and labels is not None:
        raise InputError(f"concentration = {concentration}, labels = {labels}: expected only one of them")
    if found.agent is not None and not dealt:
        parts = list(natural_partition(found.agent, at_least=samples).values())
        if len(parts) < agents:
            raise InputError(f"{len(parts)} agents have {samples} samples: expected agents = {agents} of them or fewer")
        return parts[:agents]
    if not found.classified:
        raise InputError("the file names no agents and y has no class labels: expected a column agent, or labels")
    if labels is not None:
        parts = label_partition(found.y, agents, labels, seed=seed)
    else:
        share = _CONCENTRATION if concentration is None else concentration
        parts = dirichlet_partition(found.y, agents, share, seed=seed, at_least=samples)
    if (fewest := min(map(len, parts))) < samples:
        raise InputError(f"an agent has {fewest} samples: expected samples = {samples}; use fewer agents or samples")
    return parts
