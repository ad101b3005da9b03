"""Teacher-student regression with heterogeneity set directly: gamma_G and gamma_H at the teacher are given numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from empirics.numerics.checks import integer, real
from empirics.numerics.errors import InputError
from empirics.tasks.networks.architectures import multilayer_perceptron
from empirics.tasks.networks.network import NetworkTask


def teacher_student(
    n: int = 8,
    *,
    inputs: int = 3,
    hidden: Sequence[int] = (4,),
    samples: int = 48,
    gamma_G: float = 0.25,
    gamma_H: float = 1.0,
    seed: int = 0,
) -> NetworkTask:
    r"""A tanh network with one output learns its own copy w* (`task.start`) whose targets are moved for each agent.

    All agents share the inputs x_k; y_ik = net(x_k; w*) + r_ik. At w*, with J the Jacobian of the S outputs and
    hess o_k the Hessian of the k-th,

        grad f_i(w*) = -(2/S) J^T r_i,        hess f_i(w*) = (2/S) [J^T J - sum_k r_ik hess o_k],

    both linear in r_i. Agents come in pairs +r, -r, so grad f(w*) = 0 and hess f(w*) = (2/S) J^T J. Even pairs take a
    random r in the range of J, odd pairs one in the kernel of J^T, which moves Hessians and no gradient. So

        gamma_G^2 = (a^2/n) sum over even agents norm(grad)^2,
        gamma_H^2 = (a^2/n) sum over even agents norm(dH)^2 + (b^2/n) sum over odd agents norm(dH)^2

    for scales a and b of the two kinds: they are solved for a, then b. Equality at w* holds to rounding. w* is a
    stationary point of f, not of the f_i.

    Args:
        n: agents, a multiple of 4.
        inputs, hidden: widths of the network; it has one output.
        samples: S > d, so that the kernel of J^T is not empty.
        gamma_G, gamma_H: square roots of (1/n) sum norm(grad f_i - grad f)^2 and (1/n) sum norm(hess f_i - hess f)^2
            at w*; gamma_H at least what gamma_G brings with it (the error says how much).
        seed: seed of teacher, inputs and directions.

    Raises:
        InputError: bad input, too few samples, a gamma_H too small for gamma_G.

    >>> task = teacher_student(4, inputs=1, hidden=(2,), samples=16, gamma_G=0.5, gamma_H=1.0)
    >>> gradients = task.gradient(task.start)
    >>> round(float((gradients - gradients.mean(0)).square().sum(-1).mean().sqrt()), 12)
    0.5
    """
    n, samples = integer("n", n, at_least=4), integer("samples", samples, at_least=2)
    gamma_G, gamma_H = real("gamma_G", gamma_G, at_least=0), real("gamma_H", gamma_H, at_least=0)
    if n % 4:
        raise InputError(f"n = {n}: expected a multiple of 4, for pairs of two kinds")
    teacher = multilayer_perceptron((integer("inputs", inputs, at_least=1), *hidden, 1), seed=seed)
    generator = np.random.default_rng([seed, 2])
    x = torch.from_numpy(generator.normal(size=(samples, inputs))).expand(n, samples, inputs)
    still = NetworkTask(teacher, x, torch.zeros(n, samples, 1), nn.functional.mse_loss)
    clean = still.outputs(still.start)
    patterns = _patterns(_jacobian(still), n, generator)
    unit = NetworkTask(teacher, x, clean + patterns.unsqueeze(-1), nn.functional.mse_loss)
    scales = _scales(unit, gamma_G, gamma_H)
    return NetworkTask(teacher, x, clean + (scales * patterns).unsqueeze(-1), nn.functional.mse_loss)


def _jacobian(task: NetworkTask) -> Tensor:
    """J (S, d) at the teacher."""
    w, x = task.start, task.whole("x")[:1]
    return torch.func.jacrev(lambda point: task.sweeps.outputs(point.unsqueeze(0), x).flatten())(w)


def _patterns(jacobian: Tensor, n: int, generator: np.random.Generator) -> Tensor:
    """Unit residuals (n, S): pairs +-, even ones in the range of the Jacobian, odd ones in the kernel of J^T."""
    samples, d = jacobian.shape
    if samples <= d:
        raise InputError(f"samples = {samples}: expected more than the {d} parameters of the network")
    basis = torch.linalg.qr(jacobian).Q
    drawn = torch.from_numpy(generator.normal(size=(n // 2, samples)))
    inside = drawn @ basis @ basis.mT
    # Twice, so that what rounding leaves inside the range is at rounding level of a unit vector.
    outside = drawn - inside
    outside = outside - outside @ basis @ basis.mT
    pairs = torch.where((torch.arange(n // 2) % 2 == 0).unsqueeze(-1), inside, outside)
    pairs = pairs / pairs.norm(dim=-1, keepdim=True)
    return torch.stack([pairs, -pairs], dim=1).flatten(0, 1)


def _scales(unit: NetworkTask, gamma_G: float, gamma_H: float) -> Tensor:
    """The factor of each agent's pattern (n, 1)."""
    n = unit.n
    even = torch.arange(n) // 2 % 2 == 0
    gradients = unit.gradient(unit.start)
    hessians = unit.hessian(unit.start)
    turned = torch.linalg.matrix_norm(hessians - hessians.mean(0), ord=2).square() / n
    a = gamma_G / float((gradients - gradients.mean(0))[even].square().sum().div(n).sqrt())
    least = a * float(turned[even].sum().sqrt())
    if gamma_H < least:
        raise InputError(
            f"gamma_H = {gamma_H:g}: expected at least {least:.6g}, which gamma_G = {gamma_G:g} brings with it here"
        )
    b = ((gamma_H**2 - least**2) / float(turned[~even].sum())) ** 0.5
    return torch.where(even, torch.tensor(a, dtype=torch.float64), torch.tensor(b, dtype=torch.float64)).unsqueeze(-1)
