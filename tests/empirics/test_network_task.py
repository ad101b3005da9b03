"""Networks as tasks: derivatives against one agent at a time, closed forms, batches."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from empirics import MODES, Draws, InputError, MetaFedAvg, NetworkTask, meta_gradient
from empirics.certificates.certified_constants import certified_constants
from empirics.tasks.networks.dense_form import DenseForm, dense_form
from empirics.testing import check_meta_gradient, module_problem
from tests.empirics.cases import options, settings_options

N, S = 5, 6
# Another order of sums over at most a few hundred terms of size about 1 in float64.
ROUNDING = 1e-12


class Convolutional(nn.Module):
    """A user's own module: convolution, group and layer normalisation, functional GELU."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 2, 3), nn.Conv2d(2, 4, 3, stride=2)
        self.norm, self.last = nn.GroupNorm(2, 4), nn.Sequential(nn.Linear(4, 3), nn.LayerNorm(3))

    def forward(self, x):
        x = torch.tanh(self.norm(self.second(functional.gelu(self.first(x)))))
        return self.last(functional.avg_pool2d(x, 2).flatten(1))


class Words(nn.Module):
    """Integer inputs, a scalar parameter, and one parameter used twice."""

    def __init__(self):
        super().__init__()
        self.table, self.scale = nn.Embedding(7, 3), nn.Parameter(torch.tensor(0.7))

    def forward(self, x):
        words = self.table(x).mean(1)
        return self.scale * torch.tanh(words) @ self.table.weight[:2].T


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.mixing, self.last = nn.MultiheadAttention(4, 2, batch_first=True), nn.Linear(4, 1)

    def forward(self, x):
        return self.last(self.mixing(x, x, x, need_weights=False)[0].mean(1))


class Branching(nn.Module):
    """Control flow that depends on the data: it cannot be batched or recorded."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 1)

    def forward(self, x):
        return torch.stack([torch.tanh(row) if float(row[0].detach()) > 0 else torch.sin(row) for row in self.layer(x)])


def made(name, n=N):
    torch.manual_seed(0)
    inputs = torch.randn(n, S, 4, dtype=torch.float64)
    labels, targets = torch.randint(0, 3, (n, S)), torch.randn(n, S, 1, dtype=torch.float64)
    if name in ("tanh", "sigmoid", "softplus", "silu", "gelu"):
        kind = {"tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "softplus": nn.Softplus, "silu": nn.SiLU, "gelu": nn.GELU}[name]
        module = nn.Sequential(nn.Linear(4, 6), kind(), nn.Linear(6, 5), kind(), nn.Linear(5, 3))
        return NetworkTask(module, inputs, labels, functional.cross_entropy)
    if name == "dense mse":
        module = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 2))
        return NetworkTask(module, inputs, torch.randn(n, S, 2, dtype=torch.float64), nn.MSELoss())
    if name == "one layer":
        return NetworkTask(nn.Sequential(nn.Linear(4, 3)), inputs, labels, nn.CrossEntropyLoss())
    if name == "two kinds":
        module = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 3), nn.GELU(), nn.Linear(3, 1, bias=False))
        return NetworkTask(module, inputs, targets, functional.mse_loss)
    if name == "convolution":
        images = torch.randn(n, S, 1, 8, 8, dtype=torch.float64)
        return NetworkTask(Convolutional(), images, labels, functional.cross_entropy, smooth=True)
    if name == "words":
        words = torch.randint(0, 7, (n, S, 4))
        return NetworkTask(Words(), words, torch.randint(0, 2, (n, S)), functional.cross_entropy, smooth=True)
    if name == "attention":
        return NetworkTask(Attention(), inputs.reshape(n, S, 1, 4).repeat(1, 1, 3, 1), targets, functional.mse_loss,
                           smooth=True)  # fmt: skip
    if name == "branching":
        return NetworkTask(Branching(), inputs, targets, functional.mse_loss, smooth=True)
    if name == "rough":
        module = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 1))
        return NetworkTask(module, inputs, targets, functional.smooth_l1_loss, smooth=False)
    raise KeyError(name)


DENSE = ("tanh", "sigmoid", "softplus", "silu", "gelu", "dense mse", "one layer")
TRACED = ("two kinds", "convolution", "words", "attention", "rough")
ALL = (*DENSE, *TRACED, "branching")


def alone(task, w, v, x=None, y=None):
    """Loss, gradient and Hessian-vector product of every agent by torch.autograd, one agent after another."""
    x, y = task.whole("x") if x is None else x, task.whole("y") if y is None else y
    results = []
    for agent in range(task.n):
        module = copy.deepcopy(task.module).requires_grad_(True)
        parameters = list(module.parameters())
        for part, piece in zip(parameters, w[agent].split([p.numel() for p in parameters]), strict=True):
            part.data.copy_(piece.reshape(part.shape))
        with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
            loss = task._loss(module(x[agent]), y[agent])
            gradient = torch.cat([g.flatten() for g in torch.autograd.grad(loss, parameters, create_graph=True)])
        product = torch.autograd.grad(gradient @ v[agent], parameters, allow_unused=True, materialize_grads=True)
        results.append((loss.detach(), gradient.detach(), torch.cat([h.flatten() for h in product])))
    return tuple(torch.stack(parts) for parts in zip(*results, strict=True))


def points(task, replicas=None, seed=1):
    shape = (task.n, task.d) if replicas is None else (replicas, task.n, task.d)
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape) / 2)


def assert_close(found, expected, tolerance=ROUNDING):
    assert found.shape == expected.shape
    assert float((found - expected).abs().max()) <= tolerance * (1 + float(expected.abs().max()))


@pytest.mark.parametrize("name", ALL)
def test_derivatives_are_those_of_one_agent_after_another(name):
    task = made(name)
    w, v = points(task), points(task, seed=2)
    loss, gradient, product = alone(task, w, v)
    assert_close(task.loss(w), loss)
    assert_close(task.gradient(w), gradient)
    assert_close(task.hvp(w, v), product)
    both, linear = task.raw_linearisation(w[None])
    assert_close(both[0], gradient)
    assert_close(linear(v[None])[0], product)


@pytest.mark.parametrize("name", ALL)
def test_the_path_is_the_stated_one(name):
    expected = "dense" if name in DENSE else "traced" if name in TRACED else "eager"
    task = made(name)
    assert task.path == expected
    assert (task.form is not None) == (expected == "dense")


def test_softplus_above_its_threshold_is_differentiated_as_torch_computes_it():
    task = made("softplus")
    w, v = 12 * points(task), points(task, seed=2)
    assert_close(task.hvp(w, v), alone(task, w, v)[2])


def test_form_describes_what_is_written_by_hand():
    assert made("gelu").form == DenseForm((4, 6, 5, 3), "gelu", "cross_entropy")
    assert made("one layer").form == DenseForm((4, 3), "identity", "cross_entropy")
    layer = nn.Linear(2, 2)
    for other in (
        nn.Sequential(layer, nn.Tanh(), layer),
        nn.Sequential(nn.Linear(2, 2), nn.Tanh()),
        nn.Sequential(nn.Linear(2, 2), nn.GELU(approximate="tanh"), nn.Linear(2, 2)),
        nn.Sequential(nn.Linear(2, 2, bias=False)),
        nn.Linear(2, 2),
    ):
        assert dense_form(other, functional.mse_loss) is None
    hooked = nn.Sequential(nn.Linear(2, 2))
    hooked[0].register_forward_hook(lambda part, given, output: 2 * output)
    assert dense_form(hooked, functional.mse_loss) is None


def test_a_linear_network_with_mse_is_a_quadratic():
    # f_i(w) = mean (x w - y)^2, so grad = 2 X^T (X w - y) / S and hess = 2 X^T X / S.
    rng = np.random.default_rng(0)
    x, y, w = rng.normal(size=(N, S, 3)), rng.normal(size=(N, S, 1)), rng.normal(size=(N, 3))
    task = NetworkTask(nn.Linear(3, 1, bias=False), x, y, functional.mse_loss)
    residual = (x @ w[..., None] - y)[..., 0]
    assert_close(task.loss(w), torch.from_numpy((residual**2).mean(1)))
    assert_close(task.gradient(w), torch.from_numpy(2 * np.einsum("nsp,ns->np", x, residual) / S))
    hessian = torch.from_numpy(2 * np.einsum("nsp,nsq->npq", x, x) / S)
    assert_close(task.hessian(w), hessian)
    # Q1: grad F_i = (I - alpha A)^(2 nu) grad f_i for a quadratic.
    step = torch.eye(3, dtype=torch.float64) - 0.1 * hessian
    expected = torch.linalg.matrix_power(step, 6) @ task.gradient(w).unsqueeze(-1)
    assert_close(meta_gradient(task, w, 0.1, 3), expected.squeeze(-1))


@pytest.mark.parametrize("name", ["dense mse", "convolution", "branching"])
def test_replicas_and_selections_are_the_agents_themselves(name):
    task = made(name)
    w, v = points(task, 3), points(task, 3, seed=2)
    for replica in range(3):
        assert_close(task.gradient(w)[replica], task.gradient(w[replica]))
        assert_close(task.hvp(w, v)[replica], task.hvp(w[replica], v[replica]))
    chosen = torch.tensor([[3, 1], [0, 4], [2, 2]])
    picked = torch.gather(w, 1, chosen.unsqueeze(-1).expand(3, 2, task.d))
    expected = torch.gather(task.gradient(w), 1, chosen.unsqueeze(-1).expand(3, 2, task.d))
    assert_close(task.select(chosen).gradient(picked), expected)
    assert_close(task.select(chosen).raw_loss(picked), torch.gather(task.loss(w), 1, chosen))


@pytest.mark.parametrize("name", ["tanh", "two kinds"])
def test_blocks_of_agents_on_threads_change_nothing(name, monkeypatch):
    task = made(name, 7)
    w, v = points(task, 2), points(task, 2, seed=2)
    whole = task.gradient(w), task.hvp(w, v), task.loss(w), task.raw_linearisation(w)[1](v)
    before = torch.get_num_threads()
    for agents in (1, 2, 8, 14):
        monkeypatch.setattr(NetworkTask, "_agents_at_once", lambda self, samples, agents=agents: agents)
        torch.set_num_threads(2)
        try:
            cut = task.gradient(w), task.hvp(w, v), task.loss(w), task.raw_linearisation(w)[1](v)
            assert torch.get_num_threads() == 2
        finally:
            torch.set_num_threads(before)
        for one, other in zip(whole, cut, strict=True):
            assert_close(other, one)


@pytest.mark.parametrize("mode", MODES)
def test_meta_gradients_cut_into_blocks_are_the_same(mode, monkeypatch):
    task = made("tanh", 7)
    w = points(task, 3)
    chosen = torch.tensor([[3, 1, 6], [0, 4, 5], [2, 2, 1]])
    given = options(mode) | ({"batches": (2, 3, 4)} if mode.endswith("stochastic") else {})
    found = []
    for agents in (1, 2, 4, 50):
        monkeypatch.setattr(NetworkTask, "_agents_at_once", lambda self, samples, agents=agents: agents)
        assert (len(task.blocks(3)) > 1) == (agents < 50)
        found.append(
            (
                meta_gradient(task, w, 0.1, 2, mode, **given),
                meta_gradient(task.select(chosen), w[:, :3], 0.1, 2, mode, **given),
            )
        )
    for whole, selected in found[:-1]:
        assert_close(whole, found[-1][0])
        assert_close(selected, found[-1][1])


@pytest.mark.parametrize("name", ["tanh", "convolution", "words"])
def test_a_batch_is_the_mean_over_drawn_samples(name):
    task = made(name)
    w, v = points(task, 2), points(task, 2, seed=2)
    batch = task.draw_batch(Draws(3, 0, 0, torch.arange(2)), "inner:0", 4)
    assert batch.values.shape == (2, N, 4)
    assert all(len(set(row.tolist())) == 4 for row in batch.values.flatten(0, 1))
    gradient, product = task.batch_gradient(w, batch), task.batch_hvp(w, v, batch)
    for replica in range(2):
        x = torch.stack([task.whole("x")[i][batch.values[replica, i]] for i in range(N)])
        y = torch.stack([task.whole("y")[i][batch.values[replica, i]] for i in range(N)])
        _, expected, turned = alone(task, w[replica], v[replica], x, y)
        assert_close(gradient[replica], expected)
        assert_close(product[replica], turned)


@pytest.mark.parametrize("name", ["tanh", "two kinds"])
def test_a_full_batch_is_the_loss_itself(name):
    task = made(name)
    w = points(task)
    exact = meta_gradient(task, w, 0.1, 2)
    assert_close(meta_gradient(task, w, 0.1, 2, "stochastic", batches=(S, S, S)), exact)
    with pytest.raises(InputError, match=f"batch size = {S + 1}"):
        meta_gradient(task, w, 0.1, 2, "stochastic", batches=(S + 1, S, S))


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_runs(mode):
    task = made("two kinds")
    settings = MetaFedAvg(0.05, 2, 0.05, 2, participants=3, mode=mode, **settings_options(mode), chunk=2)
    run = settings.run(task, task.start, 3, replicas=2)
    assert run.iterates.shape == (2, 4, task.d)
    assert not torch.equal(run.iterates[0, -1], run.iterates[0, 0])


class Plain(nn.Module):
    """The same function as a Sequential, with a forward pass of its own."""

    def __init__(self, layers):
        super().__init__()
        self.layers = layers

    def forward(self, x):
        return self.layers(x)


@pytest.mark.parametrize("path", ["dense", "traced"])
def test_the_property_suite_accepts_the_meta_gradient(path):
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Linear(1, 2), nn.Tanh(), nn.Linear(2, 1))
    module = layers if path == "dense" else Plain(layers)
    x, y = torch.randn(1, 3, 1, dtype=torch.float64), torch.randn(1, 3, 1, dtype=torch.float64)
    tasks = {}

    def mine(problem, w, alpha, nu, mode, delta):
        # The suite also asks about multiples of its problem.
        factor = problem._factor
        if factor not in tasks:
            scaled = functional.mse_loss if factor == 1 else lambda output, y: factor * functional.mse_loss(output, y)
            tasks[factor] = NetworkTask(module, x, y, scaled, smooth=True)
        return meta_gradient(tasks[factor], w, alpha, nu, mode, **({} if delta is None else {"delta": delta}))[0]

    modes = ("exact", "first_order", "hessian_free")
    report = check_meta_gradient(mine, modes=modes, problem=module_problem(module, x[0], y[0]), max_examples=4)
    assert tasks[1.0].path == path
    assert {mode for _, mode in report.worst} == set(modes)
    assert max(report.worst.values()) <= 1


def test_outputs_are_the_modules_own():
    for name in ("tanh", "convolution", "branching"):
        task = made(name)
        here = task.outputs(task.start)
        for agent in range(N):
            with torch.no_grad():
                assert_close(here[agent], task.module(task.whole("x")[agent]))
        other = task.whole("x")[:, :2] * 0.5
        assert task.outputs(points(task, 3), other).shape[:3] == (3, N, 2)
    with pytest.raises(InputError, match="x has 2 agents"):
        task.outputs(task.start, task.whole("x")[:2])


def test_start_is_the_module_flattened_in_its_order():
    module = nn.Sequential(nn.Linear(1, 2), nn.Tanh(), nn.Linear(2, 1)).double()
    task = NetworkTask(module, np.zeros((1, 1, 1)), np.zeros((1, 1, 1)), functional.mse_loss)
    assert torch.equal(task.start, torch.cat([p.detach().flatten() for p in module.parameters()]))
    assert {"x", "y", "start"} <= set(task.arrays())


def test_a_loss_that_changes_after_its_task_was_made_is_never_mixed_with_the_old_one():
    weight, factor = torch.ones(1, dtype=torch.float64), [1.0]

    def loss(output, y):
        return factor[0] * (weight * (output - y).square()).mean()

    task = NetworkTask(nn.Linear(1, 1), [[[2.0]], [[1.0]]], [[[0.0]], [[3.0]]], loss, smooth=True)
    before = task.gradient(task.start)
    weight.mul_(2)
    assert torch.equal(task.gradient(task.start), before)
    for refused in (
        lambda: task.gradient(task.start.expand(5, 2, 2)),  # a shape that is recorded anew
        lambda: certified_constants(task, task.start, 0.1),
    ):
        with pytest.raises(InputError, match="has changed since the task was made"):
            refused()
    weight.div_(2)
    assert task.gradient(task.start.expand(5, 2, 2)).shape == (5, 2, 2)
    factor[0] = 2.0
    with pytest.raises(InputError, match="has changed since the task was made"):
        task.hvp(task.start, task.start)


class Dropping(nn.Module):
    """Dropout that no mode switches off, in front of weights of 0."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.head = nn.Linear(1, 8), nn.Linear(8, 1)
        nn.init.zeros_(self.head.weight)

    def forward(self, x):
        return self.head(functional.dropout(self.layer(x)))


def test_randomness_that_weights_of_0_hide_is_refused_when_it_is_first_recorded():
    task = NetworkTask(Dropping(), [[[2.0]], [[1.0]]], [[[0.0]], [[3.0]]], functional.mse_loss, smooth=True)
    with pytest.raises(InputError, match="draws at random"):
        task.gradient(task.start + 1)


def test_the_given_module_is_never_touched():
    module = Convolutional()
    before = copy.deepcopy(module.state_dict())
    generator = torch.get_rng_state()
    task = NetworkTask(module, np.ones((2, 3, 1, 8, 8)), np.zeros((2, 3), int), functional.cross_entropy, smooth=True)
    MetaFedAvg(0.1, 1, 0.1, 1).run(task, task.start, 2)
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())
    assert all(p.requires_grad and p.dtype == torch.float32 for p in module.parameters())
    assert torch.equal(generator, torch.get_rng_state())


@pytest.mark.parametrize("name", ["tanh", "convolution", "words"])
def test_precision_follows_x_and_labels_stay_integers(name):
    task = made(name)
    single = task.to(dtype=torch.float32)
    assert (task.dtype, single.dtype) == (torch.float64, torch.float32)
    assert single.whole("y").dtype == torch.int64
    assert torch.equal(single.whole("y"), task.whole("y"))
    w = points(task)
    # A few roundings of float32 (6e-8) each a layer.
    assert_close(single.gradient(w.float()).double(), task.gradient(w.float().double()), 1e-5)
    x = np.zeros((1, 2, 1), np.float32)
    assert NetworkTask(nn.Linear(1, 1), x, x, functional.mse_loss).dtype == torch.float32


def test_a_copy_made_by_pickle_computes_the_same():
    task = made("two kinds")
    w = points(task)
    expected = task.gradient(w)
    again = pickle.loads(pickle.dumps(task))
    assert_close(again.gradient(w), expected)


def test_constants_are_not_invented():
    task = made("tanh")
    assert task.constants() == {}
    assert task.almost_sure_norms() == {}
    assert task.loss_lower_bound().value == 0
    with pytest.raises(InputError, match="no lower bound"):
        made("rough").loss_lower_bound()


def test_smoothness_is_known_or_declared():
    x, y = np.zeros((1, 2, 1)), np.zeros((1, 2, 1))
    assert made("tanh").smooth
    assert not made("rough").smooth
    rough = nn.Sequential(nn.Linear(1, 1), nn.ReLU())
    with pytest.raises(InputError, match=r"ReLU \(1\).*smooth=False"):
        NetworkTask(rough, x, y, functional.mse_loss)
    with pytest.raises(InputError, match=r"smooth = True.*ReLU"):
        NetworkTask(rough, x, y, functional.mse_loss, smooth=True)
    with pytest.raises(InputError, match="cannot be told for Branching"):
        NetworkTask(Branching(), np.zeros((1, 2, 4)), y, functional.mse_loss)
    with pytest.raises(InputError, match="the loss huber_loss"):
        NetworkTask(nn.Linear(1, 1), x, y, functional.huber_loss)
