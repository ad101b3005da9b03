"""Training code on modules is run on modules and data that matter: wrong loops fail, by default and on a user's net."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.func import functional_call

from empirics import InputError
from empirics.testing import (
    CheckFailedError,
    Network,
    Quadratic,
    Ridge,
    check_meta_gradient,
    module_problem,
    on_modules,
)
from tests.properties.implementations import right, unrolled


def loop(module, x, y, loss, alpha, nu, order=list, inner=lambda x: x, outer=lambda x: x):
    """MAML through the graph; the options are mistakes."""
    fast = dict(module.named_parameters())
    for _ in range(nu):
        value = loss(functional_call(module, fast, (inner(x),)), inner(y))
        grads = torch.autograd.grad(value, list(fast.values()), create_graph=True)
        fast = {n: p - alpha * g for (n, p), g in zip(fast.items(), grads, strict=True)}
    start = dict(module.named_parameters())
    value = loss(functional_call(module, fast, (outer(x),)), outer(y))
    return torch.autograd.grad(value, [start[n] for n in order(start)])


def names_sorted(*a):
    return loop(*a, order=sorted)


def column_major(*a):
    return [g.t().contiguous() if g.ndim == 2 else g for g in loop(*a)]


def outer_on_half_the_batch(*a):
    return loop(*a, outer=lambda x: x[: len(x) // 2])


def inner_on_the_first_sample(*a):
    return loop(*a, inner=lambda x: x[:1])


def inputs_zeroed(module, x, y, loss, alpha, nu):
    return loop(module, 0 * x, 0 * y, loss, alpha, nu)


def data_exchanged(module, x, y, loss, alpha, nu):
    return loop(module, y, x, loss, alpha, nu)


def eval_left_on(module, x, y, loss, alpha, nu):
    module.eval()
    return loop(module, x, y, loss, alpha, nu)


LOOPS = [
    (names_sorted, "alphabetical order of the parameters' names"),
    (column_major, "matrices are flattened column by column"),
    (outer_on_half_the_batch, "the outer loss sees the first half of the samples"),
    (inner_on_the_first_sample, "fine-tuning sees the first sample only"),
    (inputs_zeroed, "x and y are set to zero"),
    (data_exchanged, "x and y are exchanged"),
    (eval_left_on, "the call changes the training mode of module (root)"),
]


@pytest.fixture(scope="module")
def own():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 2))
    return module_problem(net, torch.randn(4, 2), torch.randn(4, 2))


@pytest.mark.parametrize(("train", "words"), LOOPS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_wrong_loop_fails_on_ones_own_module_with_its_cause(train, words, own):
    with pytest.raises(CheckFailedError) as caught:
        check_meta_gradient(on_modules(train), problem=own, max_examples=1)
    assert words in caught.value.failures[0].cause
    assert "do not tell these apart" not in caught.value.failures[0].cause


# The searches that shrink long are slow.
QUICK = (column_major, inputs_zeroed, data_exchanged, eval_left_on)
BY_DEFAULT = [pytest.param(*each, marks=[] if each[0] in QUICK else [pytest.mark.slow]) for each in LOOPS]


@pytest.mark.parametrize(("train", "words"), BY_DEFAULT, ids=lambda value: getattr(value, "__name__", ""))
def test_a_wrong_loop_fails_by_default(train, words):
    with pytest.raises(CheckFailedError) as caught:
        check_meta_gradient(on_modules(train), max_examples=5)
    # A vector y cannot stand for a matrix x: there the exception says where.
    raised = f"the code raises RuntimeError at {__file__}:"
    assert words in caught.value.failures[0].cause or (train is data_exchanged and raised in str(caught.value))


def test_the_right_loop_passes_on_ones_own_module(own):
    check_meta_gradient(on_modules(loop), problem=own, max_examples=2)


def test_the_module_the_data_and_the_loss_are_the_users(own):
    seen = []

    def spy(module, x, y, loss, alpha, nu):
        direct = nn.functional.mse_loss(module(x), y)
        seen.append((type(module), [tuple(p.shape) for p in module.parameters()], loss(module(x), y), direct))
        return loop(module, x, y, loss, alpha, nu)

    check_meta_gradient(on_modules(spy), problem=own, max_examples=1)
    kind, shapes, value, direct = seen[0]
    assert (kind, shapes) == (nn.Sequential, [(3, 2), (3,), (2, 3), (2,)])
    torch.testing.assert_close(value, direct, rtol=0, atol=0)


@pytest.mark.parametrize(
    "problem",
    [
        Quadratic(((2.0, 0.5), (0.5, -1.0)), (1.0, -0.5), e=3.0),
        Ridge("cosine", ((1.0,) * 6, (0.5, -1.0, 0.0, 0.25, 1.0, 2.0)), (1.0, -2.0), (0.25, 1.0), (0.5,) * 6, e=1.0),
        Ridge("logcosh", ((1.5,),), (0.75,), (0.5,), (0.0,)),
        Network(((1.0, -0.5), (0.25, 2.0)), (0.5, -1.0), hidden=2, scale=0.5, e=2.0),
    ],
    ids=["quadratic", "cosine", "logcosh", "network"],
)
def test_a_generated_loss_is_the_same_as_a_module(problem):
    w = torch.linspace(-0.75, 1.25, problem.d, dtype=torch.float64)
    model = problem.model(w)
    value = model.loss(model.module(model.x), model.y)
    gradients = torch.autograd.grad(value, list(model.trainable().values()))
    torch.testing.assert_close(value.detach(), problem.loss(w), rtol=1e-14, atol=1e-14)
    torch.testing.assert_close(
        torch.cat([g.reshape(-1) for g in gradients]), problem.gradient(w), rtol=1e-13, atol=1e-14
    )


def test_frozen_parameters_are_constants():
    net = nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 1))
    net[0].weight.requires_grad_(False)
    problem = module_problem(net, torch.eye(2), torch.zeros(2, 1))
    assert problem.d == 5
    check_meta_gradient(right, problem=problem, max_examples=2)


class Swish(torch.autograd.Function):
    """x sigmoid(x); backward takes its input for a constant, so its second derivative is wrong."""

    @staticmethod
    def forward(x):
        return x * torch.sigmoid(x)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(inputs[0])

    @staticmethod
    def backward(ctx, gradient):
        x = ctx.saved_tensors[0].detach()
        s = torch.sigmoid(x)
        return gradient * (s + x * s * (1 - s))


class OldSwish(torch.autograd.Function):
    """The same, right, in the style that torch.func refuses."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return gradient * (s + x * s * (1 - s))


class Activation(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function.apply(x)


def net_with(layer):
    torch.manual_seed(1)
    return module_problem(nn.Sequential(nn.Linear(3, 2), layer, nn.Linear(2, 2)), torch.randn(4, 3), torch.randn(4, 2))


@pytest.mark.parametrize("f", [unrolled, right])
def test_a_layer_with_a_wrong_second_derivative_is_refused_by_name(f):
    with pytest.raises(InputError, match=r"module 1 is Activation\(\): the second derivative of the loss is"):
        check_meta_gradient(f, problem=net_with(Activation(Swish)), max_examples=1)


def test_the_same_layer_with_a_right_backward_passes():
    check_meta_gradient(unrolled, problem=net_with(Activation(OldSwish)), max_examples=1)


@pytest.mark.filterwarnings("ignore:.*weight_norm.*is deprecated")
def test_legacy_weight_norm_is_refused_by_name():
    with pytest.raises(InputError, match=r"module 1 is Linear\(.*its hook WeightNorm writes a parameter"):
        net_with(nn.utils.weight_norm(nn.Linear(2, 2)))


def test_fused_weight_norm_is_refused_by_its_second_derivative():
    problem = net_with(nn.utils.parametrizations.weight_norm(nn.Linear(2, 2)))
    with pytest.raises(InputError, match=r"module 1\S* is .*the second derivative of the loss"):
        check_meta_gradient(right, problem=problem, max_examples=1)


def test_what_draws_at_random_is_refused_by_name():
    with pytest.raises(InputError, match=r"module 1 is Dropout\(p=0.5.*two evaluations at the same parameters differ"):
        check_meta_gradient(right, problem=net_with(nn.Dropout(0.5)), max_examples=1)
