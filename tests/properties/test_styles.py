"""Right code in the styles that people write it in: all of them hold every property."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
import torch
from torch.func import functional_call, grad, hessian, jacrev, jvp, vjp, vmap

from empirics.testing import check_meta_gradient, check_round, check_stochastic, on_episodes, on_modules
from tests.properties import implementations
from tests.properties.implementations import maml
from tests.properties.test_support_and_query import episodes, maml_round

META, STOCHASTIC, ROUND = check_meta_gradient, check_stochastic, check_round
TORCH, NUMPY = "torch.float64", "numpy.float64"
STYLES = []


def style(checker=META, dtype=TORCH, **options):
    def put(f):
        STYLES.append(pytest.param(checker, f, dtype, options, id=getattr(f, "__name__", f.__qualname__)))
        return f

    return put


def tuned(loss, w, alpha, nu):
    for _ in range(nu):
        w = w - alpha * grad(loss)(w)
    return w


@style()
def grad_of_grad(f, w, alpha, nu, mode, delta):
    return grad(lambda x: f.loss(tuned(f.loss, x, alpha, nu)))(w)


@style()
def reverse_jacobian(f, w, alpha, nu, mode, delta):
    return jacrev(lambda x: f.loss(tuned(f.loss, x, alpha, nu)))(w)


@style()
def forward_jacobian_in_columns(f, w, alpha, nu, mode, delta):
    columns = [
        jvp(lambda x: tuned(f.loss, x, alpha, nu), (w,), (unit,))[1] for unit in torch.eye(len(w), dtype=w.dtype)
    ]
    return torch.stack(columns) @ f.gradient(tuned(f.loss, w, alpha, nu))


@style()
def vector_jacobian_product(f, w, alpha, nu, mode, delta):
    last, back = vjp(lambda x: tuned(f.loss, x, alpha, nu), w)
    return back(f.gradient(last))[0]


@style()
def mapped_over_a_batch_of_one(f, w, alpha, nu, mode, delta):
    return vmap(grad(lambda x: f.loss(tuned(f.loss, x, alpha, nu))))(w[None])[0]


@style()
def dense_hessians(f, w, alpha, nu, mode, delta):
    jacobian = torch.eye(len(w), dtype=w.dtype)
    for _ in range(nu):
        jacobian = (torch.eye(len(w), dtype=w.dtype) - alpha * hessian(f.loss)(w)) @ jacobian
        w = w - alpha * grad(f.loss)(w)
    return jacobian.T @ grad(f.loss)(w)


@style()
def autograd_through_the_loop(f, w, alpha, nu, mode, delta):
    return implementations.unrolled(f, w, alpha, nu, "exact", delta)


@style(modes=["first_order"])
def autograd_without_the_graph(f, w, alpha, nu, mode, delta):
    return implementations.unrolled(f, w, alpha, nu, "first_order", delta)


@style()
def backward_into_grad(f, w, alpha, nu, mode, delta):
    leaf = torch.nn.Parameter(w.clone())
    x = leaf
    for _ in range(nu):
        (g,) = torch.autograd.grad(f.loss(x), x, create_graph=True)
        x = x - alpha * g
    f.loss(x).backward()
    return leaf.grad


@style()
def double_backward_products(f, w, alpha, nu, mode, delta):
    points = implementations.fine_tuned(f, w, alpha, nu)
    v = f.gradient(points.pop())
    for point in reversed(points):
        leaf = point.clone().requires_grad_()
        (g,) = torch.autograd.grad(f.loss(leaf), leaf, create_graph=True)
        v = v - alpha * torch.autograd.grad(g @ v, leaf, allow_unused=True, materialize_grads=True)[0]
    return v


@style()
def torch_autograd_functional(f, w, alpha, nu, mode, delta):
    points = implementations.fine_tuned(f, w, alpha, nu)
    v = f.gradient(points.pop())
    for point in reversed(points):
        v = v - alpha * torch.autograd.functional.vhp(f.loss, point, v)[1]
    return v


@style()
def recursive(f, w, alpha, nu, mode, delta):
    if not nu:
        return f.gradient(w)
    rest = recursive(f, w - alpha * f.gradient(w), alpha, nu - 1, mode, delta)
    return rest - alpha * f.hvp(w, rest)


@style(dtype="torch.float32")
def torch_in_single_precision(f, w, alpha, nu, mode, delta):
    return implementations.right(f, w, alpha, nu, mode, delta)


@style(dtype="numpy.float32")
def numpy_in_single_precision(f, w, alpha, nu, mode, delta):
    return implementations.right(f, w, alpha, nu, mode, delta)


@style(dtype=NUMPY, modes=["exact", "first_order", "hessian_free"])
def numpy_in_every_mode(f, w, alpha, nu, mode, delta):
    return implementations.right(f, w, alpha, nu, mode, delta)


@style(dtype=NUMPY)
def numpy_in_place_on_a_copy(f, w, alpha, nu, mode, delta):
    x, points = w.copy(), []
    for _ in range(nu):
        points.append(x.copy())
        x -= alpha * f.gradient(x)
    v = f.gradient(x).copy()
    for point in reversed(points):
        v -= alpha * f.hvp(point, v)
    return v


@style(dtype=NUMPY, nu=1)
def per_fedavg_in_one_step(f, w, alpha, nu, mode, delta):
    v = f.gradient(w - alpha * f.gradient(w))
    return v - alpha * f.hvp(w, v)


@style(dtype=NUMPY, nu=1, returns="parameters")
def per_fedavg_as_parameters(f, w, alpha, nu, mode, delta):
    return w - per_fedavg_in_one_step(f, w, alpha, nu, mode, delta)


@style(dtype=NUMPY, modes=["hessian_free"], delta=1e-3)
def hessian_free_with_its_own_probe(f, w, alpha, nu, mode, delta):
    return implementations.right(f, w, alpha, nu, mode, 1e-3)


@style(dtype=NUMPY, modes=["first_order"], nu=1, returns="parameters")
def first_order_as_parameters(f, w, alpha, nu, mode, delta):
    return w - f.gradient(w - alpha * f.gradient(w))


@style(dtype=NUMPY, query=True, modes=["exact", "first_order", "hessian_free"])
def support_and_query(agent, w, alpha, nu, mode, delta):
    return maml(agent, w, alpha, nu, mode, delta)


def on_functional_call(module, x, y, loss, alpha, nu):
    fast = dict(module.named_parameters())
    for _ in range(nu):
        grads = grad(lambda p: loss(functional_call(module, p, (x,)), y))(fast)
        fast = {name: p - alpha * grads[name] for name, p in fast.items()}
    return torch.autograd.grad(loss(functional_call(module, fast, (x,)), y), list(module.parameters()))


def left_in_grad(module, x, y, loss, alpha, nu):
    for p, g in zip(module.parameters(), on_functional_call(module, x, y, loss, alpha, nu), strict=True):
        p.grad = g


def on_a_copy_of_the_module(module, x, y, loss, alpha, nu):
    """First order: the copy is trained, its gradient is the answer."""
    fast = deepcopy(module)
    optimiser = torch.optim.SGD(fast.parameters(), lr=alpha)
    for _ in range(nu):
        optimiser.zero_grad()
        loss(fast(x), y).backward()
        optimiser.step()
    return torch.autograd.grad(loss(fast(x), y), list(fast.parameters()))


style()(on_modules(on_functional_call))
style()(on_modules(left_in_grad))
style(modes=["first_order"])(on_modules(on_a_copy_of_the_module))
style()(on_episodes(episodes))


@style(ROUND, NUMPY, modes=["exact", "first_order", "hessian_free"])
def a_round_in_every_mode(problems, w, setting):
    return implementations.right_round(problems, w, setting)


@style(ROUND, NUMPY)
def a_round_as_a_running_mean(problems, w, setting):
    mean = np.zeros_like(w)
    for count, f in enumerate(problems, start=1):
        mean = mean + (implementations.right_round([f], w, setting) - mean) / w.dtype.type(count)
    return mean


@style(ROUND, NUMPY, query=True)
def a_round_of_support_and_query(agents, w, setting):
    return maml_round(agents, w, setting)


@style(ROUND, TORCH, nu=1)
def a_round_of_one_step(problems, w, setting):
    return torch.stack([implementations.right_round([f], w, setting) for f in problems]).mean(dim=0)


@style(STOCHASTIC, NUMPY, modes=["stochastic", "first_order_stochastic", "hessian_free_stochastic"])
def stochastic_in_every_mode(samples, w, alpha, nu, mode, delta):
    return implementations.right_stochastic(samples, w, alpha, nu, mode, delta)


@style(STOCHASTIC, TORCH)
def stochastic_by_autograd(samples, w, alpha, nu, mode, delta):
    def slope(x, batch):
        leaf = x.detach().clone().requires_grad_()
        return torch.autograd.grad(samples.loss(leaf, batch), leaf)[0]

    points = [w]
    for _ in range(nu):
        points.append(points[-1] - alpha * slope(points[-1], samples.draw("inner")))
    v = slope(points.pop(), samples.draw("outer"))
    for point in reversed(points):
        v = v - alpha * samples.hvp(point, v, samples.draw("hessian"))
    return v


@pytest.mark.parametrize(("checker", "f", "dtype", "options"), STYLES)
def test_right_code_is_accepted(checker, f, dtype, options):
    checker(f, dtype=dtype, max_examples=2, **options)


@pytest.mark.slow
@pytest.mark.parametrize(("checker", "f", "dtype", "options"), STYLES)
def test_right_code_is_accepted_by_the_default_profile(checker, f, dtype, options):
    checker(f, dtype=dtype, **options)


def test_there_are_thirty_styles():
    assert len(STYLES) >= 30
