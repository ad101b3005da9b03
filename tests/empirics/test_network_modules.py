"""Modules whose derivatives only look as if they were not those of their loss: the task has the right ones."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations

from empirics import meta_gradient
from tests.empirics.small_modules import (
    LABELS,
    WORDS,
    N,
    Of,
    P,
    S,
    Square,
    frozen,
    inputs,
    layer,
    made,
    moved,
    recurrent,
    transformer,
    with_function,
)

# torch says so of operations that it batches one by one
pytestmark = pytest.mark.filterwarnings("ignore:There is a performance drop:UserWarning")

# Central differences of step 1e-5 err by 1e-10 of third derivatives and by 1e-16 / 1e-5 of values of size 1.
DIFFERENCES = 1e-6


def tied():
    module = Of(lambda m, x: m.last(torch.tanh(m.table(x).mean(1))), table=nn.Embedding(4, 3), last=nn.Linear(3, 4))
    module.last.weight = module.table.weight
    return module


def nested():
    shared = nn.Linear(P, P)
    inner = nn.Sequential(shared, nn.Tanh())
    parts = {"twice": nn.Sequential(inner, inner), "kept": nn.ModuleList([inner, layer()]), "again": shared}
    return Of(lambda m, x: m.kept[1](m.again(m.kept[0](m.twice(x)))), **parts)


def shared_by_two_names():
    linear = nn.Linear(P, P)
    return nn.Sequential(linear, nn.Tanh(), linear, nn.Tanh(), layer())


def attention():
    def run(m, x):
        hidden, padded = m.up(x.unsqueeze(-1)), torch.arange(P, device=x.device).expand(len(x), P) == P - 1
        return m.down(m.mix(hidden, hidden, hidden, key_padding_mask=padded, need_weights=False)[0].mean(1))

    return Of(run, up=nn.Linear(1, 4), mix=nn.MultiheadAttention(4, 2, batch_first=True), down=nn.Linear(4, 2))


class Storing(nn.Module):
    """Keeps its hidden layer, and a constant that it makes when it is first called."""

    def __init__(self):
        super().__init__()
        self.layer, self.ones = layer(), None

    def forward(self, x):
        self.hidden = torch.tanh(self.layer(x))
        if self.ones is None:
            self.ones = x.new_ones(2)
        return self.hidden * self.ones


class WrongForward(torch.autograd.Function):
    """A backward pass that is right, a forward derivative that is not."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x):
        return x * x

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx, g):
        return 2 * ctx.saved_tensors[0] * g

    @staticmethod
    def jvp(ctx, tangent):
        return 3 * ctx.saved_tensors[0] * tangent


class WrongBatches(WrongForward):
    """A batching rule that is not."""

    generate_vmap_rule = False

    @staticmethod
    def vmap(info, axes, x):
        return 2 * x * x, axes[0]


RIGHT = {
    "a submodule used twice": shared_by_two_names,
    "nested shared submodules": nested,
    "a weight tied to an embedding": tied,
    "a frozen layer": lambda: frozen(nn.Sequential(nn.Linear(P, 3), nn.Tanh(), nn.Linear(3, 2)), "0.weight", "0.bias"),
    "a frozen bias of a dense network": lambda: frozen(nn.Sequential(layer()), "0.bias"),
    "a partly frozen GRU": lambda: frozen(recurrent(nn.GRU), "steps.weight_hh_l0"),
    "a partly frozen list": lambda: frozen(
        Of(lambda m, x: torch.tanh(x @ m.list[0] + m.list[1]),
           list=nn.ParameterList([torch.randn(P, 2), torch.randn(2)])), "list.1"),
    "a frozen embedding with padding": lambda: frozen(
        Of(lambda m, x: m.out(m.table(x).mean(1)), table=nn.Embedding(4, 3, padding_idx=0), out=nn.Linear(3, 2)),
        "table.weight"),
    "weight_norm": lambda: nn.Sequential(parametrizations.weight_norm(nn.Linear(P, 3)), nn.Tanh(), nn.Linear(3, 2)),
    "orthogonal": lambda: nn.Sequential(parametrizations.orthogonal(nn.Linear(P, 3)), nn.Tanh(), nn.Linear(3, 2)),
    "spectral_norm, fixed": lambda: nn.Sequential(parametrizations.spectral_norm(layer())).eval(),
    "GRU": lambda: recurrent(nn.GRU),
    "LSTM": lambda: recurrent(nn.LSTM),
    "transformer": transformer,
    "transformer, fixed": lambda: transformer(dropout=0.5).eval(),
    "attention with padding": attention,
    "bilinear": lambda: Of(lambda m, x: m.pair(x, torch.tanh(x)), pair=nn.Bilinear(P, P, 2)),
    "one-dimensional convolution": lambda: nn.Sequential(
        nn.Unflatten(1, (1, P)), nn.Conv1d(1, 3, 3), nn.Tanh(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(3, 2)),
    "batch norm, fixed": lambda: nn.Sequential(nn.Linear(P, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 2)).eval(),
    "dropout, fixed": lambda: nn.Sequential(nn.Linear(P, 4), nn.Dropout(0.5), nn.Tanh(), nn.Linear(4, 2)).eval(),
    "buffers": lambda: Of(lambda m, x: m.layer(x) * m.scale / m.count,
                          layer=layer(), scale=torch.tensor([2.0, 3.0]), count=torch.tensor(3)),
    "a complex buffer": lambda: Of(lambda m, x: m.layer((x * m.turn).imag),
                                   layer=layer(), turn=torch.polar(torch.ones(P), torch.arange(P) / 3)),
    "no strides, no axes, no entries": lambda: Of(
        lambda m, x: m.scale * torch.tanh(x @ m.weight), weight=nn.Parameter(torch.randn(2, P).t()),
        scale=nn.Parameter(torch.tensor(0.7)), none=nn.Parameter(torch.zeros(0, 3))),
    "no bias": lambda: nn.Sequential(nn.Linear(P, 3, bias=False), nn.Tanh(), nn.Linear(3, 2, bias=False)),
    "a branch on data": lambda: Of(
        lambda m, x: torch.stack([row.tanh() if float(row[0].detach()) > 0 else row.sin() for row in m.layer(x)]),
        layer=layer()),
    "what it stores": Storing,
    "a function with its backward": lambda: with_function(Square),
    "a function with a wrong forward derivative": lambda: with_function(WrongForward),
    "a function with a wrong batching rule": lambda: with_function(WrongBatches),
    "nothing that depends on its parameters": lambda: Of(lambda m, x: torch.tanh(x[:, :2]), layer=layer()),
    "float32 inside": lambda: nn.Sequential(layer(), Of(lambda m, x: torch.tanh(x.float()).double())),
}  # fmt: skip
_OF_WORDS = ("a weight tied to an embedding", "a frozen embedding with padding")


def right(name):
    torch.manual_seed(0)
    return made(RIGHT[name](), WORDS if name in _OF_WORDS else None)


@pytest.mark.parametrize("name", RIGHT)
def test_derivatives_are_those_of_the_loss(name):
    task = right(name)
    step, w, v = 1e-5, moved(task), moved(task, 4) - task.start
    # float32 inside is known to 1e-7 only, and differences of it to 1e-7 / 1e-2
    step, tolerance = (1e-2, 1e-3) if name == "float32 inside" else (step, DIFFERENCES)
    slope = (task.loss(w + step * v) - task.loss(w - step * v)) / (2 * step)
    bend = (task.gradient(w + step * v) - task.gradient(w - step * v)) / (2 * step)
    assert float((task.gradient(w) @ v - slope).abs().max()) <= tolerance
    assert float((task.hvp(w, v) - bend).abs().max()) <= tolerance


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_evaluated_is_the_module_at_its_trainable_parameters(name):
    torch.manual_seed(0)
    module, x = RIGHT[name]().double(), WORDS if name in _OF_WORDS else inputs()
    trainable = [part for part in module.parameters() if part.requires_grad]
    before = copy.deepcopy(module.state_dict())
    task = made(module, x)
    assert all(torch.equal(before[key], value) for key, value in module.state_dict().items())
    assert torch.equal(task.start, torch.cat([part.detach().flatten() for part in trainable]))
    w = moved(task)
    task.gradient(w)
    assert torch.equal(task.start, torch.cat([part.detach().flatten() for part in trainable])), "start moved"
    with torch.no_grad():
        for part, piece in zip(trainable, w.split([part.numel() for part in trainable]), strict=True):
            part.copy_(piece.view(part.shape))
        for agent in range(N):
            output = module(x[agent])
            assert torch.allclose(task.outputs(w)[agent], output, rtol=1e-6, atol=1e-6)
            assert abs(float(task.loss(w)[agent] - functional.cross_entropy(output, LABELS[agent]))) <= 1e-6


@pytest.mark.parametrize("name", ["a submodule used twice", "a frozen layer", "a weight tied to an embedding"])
def test_batches_and_fine_tuning_see_the_same_function(name):
    task, whole = right(name), (S, S, S)
    w = moved(task)
    everyones = w.expand(1, N, task.d)
    x, y = task.whole("x"), task.whole("y")
    halves = [task.sample_gradient(everyones, x[:, part], y[:, part]) for part in (slice(S // 2), slice(S // 2, S))]
    assert torch.allclose((halves[0] + halves[1])[0] / 2, task.gradient(w), rtol=1e-10, atol=1e-14)
    tuned = w - 0.1 * task.gradient(w)
    product = task.gradient(tuned) - 0.1 * task.hvp(w.expand(N, -1), task.gradient(tuned))
    assert torch.allclose(meta_gradient(task, w, 0.1, 1), product, rtol=1e-10, atol=1e-14)
    batched = meta_gradient(task, w, 0.1, 1, "stochastic", batches=whole)
    assert torch.allclose(batched, product, rtol=1e-10, atol=1e-14)


def test_frozen_parameters_are_constants_of_the_function():
    torch.manual_seed(0)
    whole = nn.Sequential(nn.Linear(P, 3), nn.Tanh(), nn.Linear(3, 2)).double()
    part = made(frozen(copy.deepcopy(whole), "0.weight", "0.bias"))
    full = made(whole)
    assert (full.d, part.d) == (3 * P + 3 + 8, 8)
    assert torch.equal(part.start, full.start[-8:])
    w = full.start.clone()
    w[-8:] = moved(part)
    assert torch.allclose(part.loss(w[-8:]), full.loss(w), rtol=1e-14)
    assert torch.allclose(part.gradient(w[-8:]), full.gradient(w)[:, -8:], rtol=1e-12)
    # the module of a task makes the same task
    assert made(part.module).d == 8


@pytest.mark.parametrize("name", ["what it stores", "a submodule used twice", "a frozen layer", "weight_norm"])
def test_tasks_can_be_copied_after_use(name):
    task = right(name)
    w = moved(task)
    gradient = task.gradient(w)
    # torch pickles no parametrised module
    if name != "weight_norm":
        assert torch.allclose(pickle.loads(pickle.dumps(task)).gradient(w), gradient, rtol=1e-12)
    assert float((task.to(dtype=torch.float32).gradient(w.float()) - gradient).abs().max()) <= 1e-5


def test_the_derivative_of_a_product_survives_tiny_factors():
    # f(w) = mean (c w1 w2 w3 w4 x - x)^2, m = mean x^2: f_12 = 2 m c ((2 c p - 1) w3 w4), f_22 = 2 m (c w1)^2
    class Product(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(torch.tensor([1e-200, 1.0, 1.0, 1.0], dtype=torch.float64))

        def forward(self, x):
            return (1e150 * torch.prod(self.w)) * x

    x = inputs()
    task = made(Product(), x, x, functional.mse_loss)
    mean = x.square().flatten(1).mean(1)
    product = task.hvp(task.start, [0.0, 1.0, 0.0, 0.0])
    expected = torch.stack([-2e150 * mean, 2e-100 * mean, -2e-50 * mean, -2e-50 * mean], dim=1)
    assert torch.allclose(product, expected, rtol=1e-12, atol=0)
