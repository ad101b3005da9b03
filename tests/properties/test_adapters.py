"""Code that works on torch modules, and models of one's own as problems."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from empirics.testing import CheckFailedError, check_meta_gradient, module_problem, on_modules
from empirics.testing.__main__ import main
from empirics.testing.demonstration import demo, maml
from tests.properties.implementations import right, unrolled


def into_grad(module, x, y, loss, alpha, nu):
    """The style that leaves the meta-gradient in .grad: fast weights by hand, then backward()."""
    from torch.func import functional_call

    fast = dict(module.named_parameters())
    for _ in range(nu):
        grads = torch.autograd.grad(
            loss(functional_call(module, fast, (x,)), y), list(fast.values()), create_graph=True
        )
        fast = {name: p - alpha * g for (name, p), g in zip(fast.items(), grads, strict=True)}
    loss(functional_call(module, fast, (x,)), y).backward()


def sgd_on_a_copy(module, x, y, loss, alpha, nu):
    """The classic trap: a copy is moved, so the graph to the start is cut; this is first order."""
    import copy

    fast = copy.deepcopy(module)
    for _ in range(nu):
        grads = torch.autograd.grad(loss(fast(x), y), list(fast.parameters()))
        with torch.no_grad():
            for p, g in zip(fast.parameters(), grads, strict=True):
                p -= alpha * g
    return torch.autograd.grad(loss(fast(x), y), list(fast.parameters()))


@pytest.mark.parametrize("train", [maml, into_grad])
def test_loops_on_modules_pass(train):
    check_meta_gradient(on_modules(train), max_examples=8)


def test_an_optimiser_on_a_copy_is_first_order():
    with pytest.raises(CheckFailedError) as caught:
        check_meta_gradient(on_modules(sgd_on_a_copy), max_examples=8)
    assert "first order" in caught.value.failures[0].cause


def test_code_for_modules_that_is_not_wrapped_is_told_how():
    def calls(module, x, y, loss, alpha, nu):
        return loss(module(x), y)

    for train in (maml, into_grad, sgd_on_a_copy, calls):
        with pytest.raises(CheckFailedError) as caught:
            check_meta_gradient(train, max_examples=2)
        assert f"wrap it: on_modules({train.__name__})" in caught.value.failures[0].cause

    for other in (lambda problem, *_: problem.gradiant(), min):  # Python cannot tell the arguments of min
        with pytest.raises(CheckFailedError) as caught:
            check_meta_gradient(other, max_examples=2)
        assert "on_modules" not in caught.value.failures[0].cause


def test_a_cut_graph_is_said_so():
    with pytest.raises(CheckFailedError, match="no gradient for the parameters bias"):
        check_meta_gradient(on_modules(lambda *_: None), max_examples=8)


@pytest.fixture
def model():
    torch.manual_seed(3)
    return nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)).double()


def problem_of(model):
    x = torch.tensor([[0.5, -1.0], [1.0, 0.25], [-0.75, 0.5]], dtype=torch.float64)
    return module_problem(model, x, torch.tensor([[0.5], [-0.5], [1.0]], dtype=torch.float64))


@pytest.mark.parametrize("f", [right, unrolled])
def test_a_model_of_ones_own(model, f):
    before = [p.detach().clone() for p in model.parameters()]
    modes = ["exact"] if f is unrolled else ["first_order", "hessian_free"]
    report = check_meta_gradient(f, modes=modes, problem=problem_of(model), max_examples=3)
    # The tolerance of a black box is an estimate, so it must not be a close call.
    assert max(report.worst.values()) < 0.1
    assert all(torch.equal(p, q) for p, q in zip(model.parameters(), before, strict=True))


def test_a_wrong_loop_on_a_model_of_ones_own(model):
    wrong = on_modules(sgd_on_a_copy)
    with pytest.raises(CheckFailedError) as caught:
        check_meta_gradient(wrong, problem=problem_of(model), max_examples=3)
    assert {"jacobian_product", "semigroup"} <= {found.property for found in caught.value.failures}
    assert "first order" in caught.value.failures[0].cause


def test_a_model_is_its_own_loss(model):
    problem = problem_of(model)
    w = torch.tensor(problem.start, requires_grad=True)
    direct = nn.functional.mse_loss(model(problem._x), problem._y)
    assert problem.d == 13
    assert float(problem.loss(w).detach()) == pytest.approx(float(direct.detach()), rel=1e-14)
    (gradient,) = torch.autograd.grad(problem.loss(w), w)
    torch.testing.assert_close(problem.gradient(w.detach()), gradient, rtol=1e-13, atol=1e-15)
    other = problem.scaled(2.0).raised(1.0)
    assert float(other.loss(w.detach())) == pytest.approx(2 * float(direct.detach()) + 1, rel=1e-14)


def test_the_demonstration_shows_one_right_and_two_wrong():
    text = "".join(demo(max_examples=10))
    assert text.count("properties hold") == 1
    assert text.count("properties failed") == 2
    assert "all Hessians are dropped (first order)" in text
    assert "each Hessian is taken one step later" in text


def test_the_command_line_prints_the_demonstration(monkeypatch, capsys):
    monkeypatch.setattr("empirics.testing.demonstration.demo", lambda: iter(["one ", "two"]))
    assert main(["--demo"]) == 0
    assert capsys.readouterr().out == "one two"
    assert main([]) == 0
    assert "--demo" in capsys.readouterr().out
