"""Modules that people have: frozen, unused and tied parameters, several inputs, layers with a state of their own."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.func import functional_call

from empirics import InputError
from empirics.testing import CheckFailedError, check_meta_gradient, module_problem, on_modules
from tests.properties.implementations import right


def loop(module, x, y, loss, alpha, nu):
    """MAML over what is trainable; x is a tensor, a tuple or a dict."""

    def output(parameters):
        if isinstance(x, dict):
            return functional_call(module, parameters, (), x)
        return functional_call(module, parameters, x)

    trainable = {name: p for name, p in module.named_parameters() if p.requires_grad}
    fast = dict(trainable)
    for _ in range(nu):
        grads = torch.autograd.grad(loss(output(fast), y), list(fast.values()), create_graph=True, allow_unused=True)
        fast = {n: p if g is None else p - alpha * g for (n, p), g in zip(fast.items(), grads, strict=True)}
    return torch.autograd.grad(loss(output(fast), y), list(trainable.values()), allow_unused=True)


def first_order(module, x, y, loss, alpha, nu):
    return loop(module, x, y, loss, alpha, 0)


class Net(nn.Module):
    """Two layers; the options say what is unusual."""

    def __init__(self, tied=False, unused=False, frozen=False):
        super().__init__()
        self.first, self.second = nn.Linear(2, 2), nn.Linear(2, 2)
        if tied:
            self.second.weight = self.first.weight
        if unused:
            self.spare = nn.Parameter(torch.ones(2))
        if frozen:
            self.first.weight.requires_grad_(False)

    def forward(self, x):
        return self.second(torch.tanh(self.first(x)))


class TwoInputs(nn.Module):
    def __init__(self):
        super().__init__()
        self.mixing, self.head = nn.Bilinear(2, 3, 2), nn.Linear(2, 1)

    def forward(self, left, right):
        return self.head(torch.tanh(self.mixing(left, right)))


def problem_of(make, x=None):
    torch.manual_seed(0)
    net = make()
    x = torch.randn(4, 2) if x is None else x
    return module_problem(net, x, torch.randn(4, 1 if isinstance(net, TwoInputs) else 2))


def spectral():
    return nn.Sequential(nn.utils.parametrizations.spectral_norm(nn.Linear(2, 2)), nn.Tanh(), nn.Linear(2, 2))


KINDS = {
    "frozen": lambda: problem_of(lambda: Net(frozen=True)),
    "unused": lambda: problem_of(lambda: Net(unused=True)),
    "tied": lambda: problem_of(lambda: Net(tied=True)),
    "two_inputs": lambda: problem_of(TwoInputs, (torch.randn(4, 2), torch.randn(4, 3))),
    "dict_inputs": lambda: problem_of(TwoInputs, {"right": torch.randn(4, 3), "left": torch.randn(4, 2)}),
    "dropout_off": lambda: problem_of(lambda: nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5), nn.Linear(2, 2)).eval()),
    "spectral_norm_off": lambda: problem_of(lambda: spectral().eval()),
}


@pytest.mark.parametrize("kind", KINDS)
def test_right_code_passes(kind):
    problem = KINDS[kind]()
    check_meta_gradient(on_modules(loop), problem=problem, max_examples=1)
    check_meta_gradient(right, problem=problem, max_examples=1)


@pytest.mark.parametrize("kind", ["unused", "tied", "two_inputs", "dict_inputs"])
def test_wrong_code_fails_with_its_cause(kind):
    with pytest.raises(CheckFailedError) as caught:
        check_meta_gradient(on_modules(first_order), problem=KINDS[kind](), max_examples=1)
    assert "nothing is adapted" in caught.value.failures[0].cause


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5)), r"module 1 is Dropout\(p=0.5.*two evaluations"),
        (spectral, r"every call rewrites the buffers 0\.parametrizations\.weight\.0\._u"),
    ],
    ids=["dropout", "spectral_norm"],
)
def test_what_changes_between_evaluations_is_refused(make, words):
    with pytest.raises(InputError, match=words):
        check_meta_gradient(on_modules(loop), problem=problem_of(make), max_examples=1)


def test_a_graph_that_is_cut_is_no_unused_parameter():
    def cut(module, x, y, loss, alpha, nu):
        grads = list(loop(module, x, y, loss, alpha, nu))
        return [None, *grads[1:]]

    with pytest.raises(
        CheckFailedError,
        match=r"(?s)no gradient for the parameters first\.weight.*likely: +the graph to the parameters was cut",
    ):
        check_meta_gradient(on_modules(cut), problem=KINDS["tied"](), max_examples=1)
