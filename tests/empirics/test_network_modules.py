"""Modules whose derivatives by torch are not those of their loss, and those that only look as if: right, or refused."""

from __future__ import annotations

import copy
import pickle
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations, prune
from torch.utils.checkpoint import checkpoint

from empirics import InputError, NetworkTask, meta_gradient
from empirics.tasks.networks import derivative_checks

# torch says so of operations that it batches one by one
pytestmark = pytest.mark.filterwarnings("ignore:There is a performance drop:UserWarning")

N, S, P = 3, 8, 6
# Central differences of step 1e-5 err by 1e-10 of third derivatives and by 1e-16 / 1e-5 of values of size 1.
DIFFERENCES = 1e-6


def inputs():
    return torch.randn(N, S, P, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


LABELS = torch.arange(N * S).reshape(N, S) % 2
WORDS = torch.randint(0, 4, (N, S, 5), generator=torch.Generator().manual_seed(2))


class Of(nn.Module):
    """A forward pass written as a function of the module and its input, parts given by name."""

    def __init__(self, run, **parts):
        super().__init__()
        self.run = run
        for name, part in parts.items():
            if isinstance(part, torch.Tensor) and not isinstance(part, nn.Parameter):
                self.register_buffer(name, part)
            else:
                setattr(self, name, part)

    def forward(self, x):
        return self.run(self, x)


def layer():
    return nn.Linear(P, 2)


def frozen(module, *names):
    for name in names:
        module.get_parameter(name).requires_grad_(False)
    return module


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


def recurrent(kind, **options):
    return Of(lambda m, x: m.out(m.steps(x.unsqueeze(-1))[0][:, -1]),
              steps=kind(1, 3, batch_first=True, **options), out=nn.Linear(3, 2))  # fmt: skip


def transformer(**options):
    encoder = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True, **{"dropout": 0.0, "activation": "gelu"} | options)
    return Of(lambda m, x: m.out(m.mix(m.up(x.unsqueeze(-1)))[:, -1]),
              up=nn.Linear(1, 4), mix=encoder, out=nn.Linear(4, 2))  # fmt: skip


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


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, g):
        return 2 * ctx.saved_tensors[0] * g


class Steeper(Square):
    @staticmethod
    def backward(ctx, g):
        return 2.0001 * ctx.saved_tensors[0] * g


class Once(Square):
    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, g):
        return 2 * ctx.saved_tensors[0] * g


class Detached(Square):
    """Its second derivative is silently lost."""

    @staticmethod
    def backward(ctx, g):
        return 2 * ctx.saved_tensors[0].detach() * g


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


class Rounded(torch.autograd.Function):
    """Straight through: the gradient of another function."""

    @staticmethod
    def forward(ctx, x):
        return (8 * x).round() / 8

    @staticmethod
    def backward(ctx, g):
        return g


def with_function(function):
    return nn.Sequential(nn.Linear(P, 3), nn.Tanh(), Of(lambda m, x: function.apply(x)), nn.Linear(3, 2))


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


def made(module, x=None, y=LABELS, loss=functional.cross_entropy, smooth=True):
    return NetworkTask(module, inputs() if x is None else x, y, loss, smooth=smooth)


def right(name):
    torch.manual_seed(0)
    return made(RIGHT[name](), WORDS if name in _OF_WORDS else None)


def moved(task, seed=3):
    draws = torch.randn(task.d, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    return task.start + 0.1 * draws


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


def embedding(**options):
    return Of(lambda m, x: m.out(m.table(x).mean(1)), table=nn.Embedding(4, 3, **options), out=nn.Linear(3, 2))


def mutating(run):
    return Of(run, layer=layer(), count=torch.tensor(0))


def counted(m, x):
    m.count += 1
    return m.layer(x)


def recounted(m, x):
    m.count = m.count + 1
    return m.layer(x)


def aliased():
    module = Of(lambda m, x: m.layer(x) + x @ m.kept["w"].t(), layer=layer())
    module.kept = {"w": module.layer.weight}
    return module


def closed_over():
    module = Of(lambda m, x: m.call(x), layer=layer().double())
    module.call = lambda x: torch.tanh(module.layer(x))
    return module


def hooked():
    module = Of(lambda m, x: m.layer(torch.tanh(m.below(x))), layer=layer(), below=nn.Linear(P, P))
    module.layer.register_full_backward_hook(lambda part, inner, outer: tuple(2 * g for g in inner))
    return module


class Dynamics(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(P, P).double()]
        self.last = layer()

    def forward(self, x):
        return self.last(torch.tanh(self.layers[0](x)))


REFUSED = {
    "max_norm": (lambda: embedding(max_norm=0.1), r"module table is Embedding\(4, 3, max_norm=0.1\): max_norm = 0.1 w"),
    "padding_idx": (lambda: embedding(padding_idx=0), r"module table is Embedding.*padding_idx = 0.*padding_idx=None"),
    "scale_grad_by_freq": (lambda: embedding(scale_grad_by_freq=True), "module table is Embedding.*scale_grad_by_freq"),
    "sparse": (lambda: embedding(sparse=True), "module table is Embedding.*sparse = True.*expected sparse=False"),
    "functional padding": (
        lambda: Of(lambda m, x: functional.embedding(x, m.table.weight, padding_idx=1).mean(1),
                   table=nn.Embedding(4, 3)),
        r"module \(root\) is Of\(\): the derivative of the loss along a direction is .*, differences give"),
    "functional max_norm": (
        lambda: Of(lambda m, x: functional.embedding(x, m.table.weight, max_norm=0.1).mean(1),
                   table=nn.Embedding(4, 3)),
        "being evaluated changed a parameter, table.weight"),
    "an embedding bag": (lambda: Of(lambda m, x: m.table(x), table=nn.EmbeddingBag(4, 3)),
                         "module table is EmbeddingBag.*cannot be differentiated twice"),
    "legacy weight_norm": (lambda: nn.Sequential(nn.utils.weight_norm(layer())),
                           "module 0 is Linear.*WeightNorm.*torch.nn.utils.parametrizations"),
    "legacy spectral_norm": (lambda: nn.Sequential(nn.utils.spectral_norm(layer())), "module 0 is Linear.*SpectralNo"),
    "pruning": (lambda: nn.Sequential(prune.l1_unstructured(layer(), "weight", amount=0.3)), "L1Unstr.*prune.remove"),
    "spectral_norm in training": (lambda: nn.Sequential(parametrizations.spectral_norm(layer())),
                                  "changed a buffer, 0.parametrizations.weight.0._u"),
    "a wrong backward": (lambda: with_function(Steeper), r"module 2 is Of\(\): the (second )?derivative of the loss"),
    "a backward once": (lambda: with_function(Once), r"module 2 is Of\(\): the second derivative|differentiated twice"),
    "a lost second derivative": (lambda: with_function(Detached), r"module 2 is Of\(\): the second derivative of the"),
    "detach": (lambda: nn.Sequential(nn.Linear(P, 3), Of(lambda m, x: x / (1 + x.square().sum(1, True).detach())),
                                     nn.Linear(3, 2)), r"module 1 is Of\(\): the derivative of the loss"),
    "all frozen": (lambda: layer().requires_grad_(False), "every parameter of the module is frozen, from weight on"),
    "a counter": (lambda: mutating(counted), "changed a buffer, count"),
    "a counter of its own": (lambda: mutating(recounted), "changed a buffer, count"),
    "RReLU": (lambda: nn.Sequential(layer(), nn.RReLU()), "module 1 is RReLU.*draws at random"),
    "attention with dropout": (lambda: transformer(dropout=0.1), "module mix.self_attn is MultiheadAttention.*dropout"),
    "LSTM with dropout": (lambda: recurrent(nn.LSTM, num_layers=2, dropout=0.1), "module steps is LSTM.*dropout = 0.1"),
    "functional dropout": (lambda: nn.Sequential(layer(), Of(lambda m, x: functional.dropout(x, 0.5))),
                           r"module 1 is Of\(\): .* two evaluations in a row differ"),
    "complex": (lambda: Of(lambda m, x: (x * m.w).abs(), w=nn.Parameter(torch.randn(P, dtype=torch.complex64))),
                r"module \(root\) is Of\(\): parameter w has dtype torch.complex64"),
    "nan": (lambda: Of(lambda m, x: x * m.w, w=nn.Parameter(torch.tensor(float("nan")))), "parameter w.*not finite"),
    "lazy": (lambda: nn.Sequential(nn.LazyLinear(2)), "module 0 is LazyLinear.*its weight has no shape yet"),
    "a plain list of layers": (Dynamics, r"trainable tensor of shape \(6, 6\), one that is not among its parameters"),
    "an alias": (aliased, r"its parameter layer.weight under another name"),
    "a closure": (closed_over, r"its parameter layer.weight under another name"),
    "softmax over samples": (lambda: nn.Sequential(layer(), nn.Softmax(dim=0)), "module 1 is Softmax.*mixes samples"),
    "a tuple": (lambda: Of(lambda m, x: (m.layer(x),), layer=layer()), "output on agent 0's x .* is a tuple"),
    "integers": (lambda: Of(lambda m, x: m.layer(x).argmax(1), layer=layer()), "has dtype torch.int64"),
    "shapes inside": (lambda: nn.Sequential(nn.Linear(P, 3), nn.Tanh(), nn.Linear(4, 2)),
                      r"module 2 is Linear\(in_features=4.*fails on agent 0's x \(8, 6\)"),
    "a checkpoint": (lambda: Of(lambda m, x: checkpoint(lambda z: m.layer(z).sin(), x, use_reentrant=False),
                                layer=layer()),
                     r"module \(root\) is Of\(\).*without detach, no_grad, checkpoints"),
    "a wrapper": (lambda: nn.DataParallel(layer()), "parameters exchanged for others.*DataParallel"),
    "compiled by torch.jit": (lambda: torch.jit.trace(layer(), torch.ones(1, P)), r"is a Linear compiled by torch.jit"),
    "no values": (lambda: nn.Linear(P, 2, device="meta"), "its weight is on the device meta"),
    "a gradient that is changed": (hooked, "module layer is Linear.*the derivative of the loss"),
    "state seen by one agent": (lambda: Of(lambda m, x: m.layer(x) * (x.mean() if x[0, 0] > 1 else 1), layer=layer()),
                                "mixes samples: the samples of agent 2 alone|mixes samples: sample .* of agent 0"),
    "a generator": (lambda: Of(lambda m, x: m.layer(x), layer=layer(), kept=(k for k in [1])), "cannot be copied"),
}  # fmt: skip
_TABLES = ("max_norm", "padding_idx", "scale_grad_by_freq", "sparse", "functional padding", "functional max_norm",
           "an embedding bag")  # fmt: skip


@pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning", "ignore:Lazy modules", "ignore:.*torch.jit")
@pytest.mark.parametrize("name", REFUSED)
# what has another derivative is refused however smooth it is said to be
@pytest.mark.parametrize("smooth", [True, False])
def test_another_derivative_or_no_function_is_refused_in_one_line_that_names_the_layer(name, smooth):
    make, message = REFUSED[name]
    torch.manual_seed(0)
    if name == "RReLU" and smooth:
        message = r"smooth = True, but .*RReLU|draws at random"
    with pytest.raises(InputError, match=message) as caught:
        made(make(), WORDS if name in _TABLES else None, smooth=smooth)
    assert "\n" not in str(caught.value)


def test_a_straight_through_gradient_is_refused_though_nothing_smooth_was_promised():
    with pytest.raises(InputError, match=r"module 2 is Of\(\)"):
        made(with_function(Rounded), smooth=False)


def test_kinks_are_no_mistakes_where_nothing_smooth_was_promised():
    torch.manual_seed(0)
    for kind in (nn.ReLU, nn.LeakyReLU, nn.Hardtanh, nn.CELU, nn.Softshrink, nn.Hardswish):
        assert made(nn.Sequential(nn.Linear(P, 5), kind(), nn.Linear(5, 2)), smooth=False).d == 47
    # on the kink itself
    module = nn.Sequential(nn.Linear(P, 5), nn.ReLU(), nn.Linear(5, 2))
    nn.init.zeros_(module[0].weight), nn.init.zeros_(module[0].bias)
    assert made(module, smooth=False).d == 47


ROUGH = {
    "softplus": (lambda: nn.Softplus(threshold=0.5), r"Softplus with threshold = 0.5 \(expected at least 20\) \(1\)"),
    "steep softplus": (lambda: nn.Softplus(beta=10, threshold=0.4), r"Softplus with threshold = 0.4"),
    "layer norm": (lambda: nn.LayerNorm(4, eps=0.0), r"LayerNorm with eps = 0 \(expected eps > 0\) \(1\)"),
    "group norm": (lambda: nn.GroupNorm(2, 4, eps=0.0), r"GroupNorm with eps = 0"),
    "RMS norm": (lambda: nn.RMSNorm(4, eps=0.0), r"RMSNorm with eps = 0"),
    "threshold": (lambda: nn.Threshold(0.1, 0.0), r"Threshold \(1\)"),
    "hardtanh": (nn.Hardtanh, r"Hardtanh \(1\)"),
    "PReLU": (nn.PReLU, r"PReLU \(1\)"),
    "CELU": (lambda: nn.CELU(alpha=2.0), r"CELU \(1\)"),
    "softshrink": (nn.Softshrink, r"Softshrink \(1\)"),
    "adaptive max": (lambda: nn.AdaptiveMaxPool1d(3), r"AdaptiveMaxPool1d \(1\)"),
}


@pytest.mark.parametrize("name", ROUGH)
def test_kinks_and_switches_are_not_accepted_as_smooth(name):
    make, words = ROUGH[name]
    module = nn.Sequential(nn.Linear(P, 4), make())
    with pytest.raises(InputError, match=f"smooth = None, and the module has {words}.*smooth=False"):
        made(module, smooth=None)
    with pytest.raises(InputError, match=f"smooth = True, but the module has {words}"):
        made(module, smooth=True)


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (lambda: transformer(activation="relu"), "TransformerEncoderLayer with activation = 'relu'"),
        (lambda: recurrent(nn.RNN, nonlinearity="relu"), "RNN with nonlinearity = 'relu'"),
    ],
)
def test_a_relu_inside_a_layer_is_seen(module, words):
    with pytest.raises(InputError, match=f"smooth = True, but the module has {words}"):
        made(module())


def test_hooks_and_forward_passes_of_ones_own_are_not_known_to_be_smooth():
    hooked = nn.Sequential(layer())
    hooked[0].register_forward_hook(lambda part, given, output: output.abs())
    replaced = nn.Sequential(layer())
    replaced[0].forward = lambda x: x[:, :2].abs()
    for module in (hooked, replaced):
        with pytest.raises(InputError, match=r"cannot be told for Linear \(0\)"):
            made(module, smooth=None)
    assert made(nn.Sequential(nn.Softplus(beta=3.0), layer()), smooth=None).smooth


def weights(*values):
    return torch.tensor(values, dtype=torch.float64)


ONE_CLASS_FIRST = torch.cat([torch.zeros(1, S, dtype=torch.int64), LABELS[1:]])
ALL_IGNORED_SECOND = torch.stack([torch.ones(S), torch.zeros(S), LABELS[2]]).long()
LOSSES = {
    "class weights": (LABELS, nn.CrossEntropyLoss(weight=weights(1, 9)), "agent 0's samples.*class weights"),
    "class weights, agent 0 of one class": (
        ONE_CLASS_FIRST, nn.CrossEntropyLoss(weight=weights(1, 9)),
        r"the loss CrossEntropyLoss: loss\(output, y\) = .* agent 1's samples.*class weights"),
    "class weights given to the function": (
        ONE_CLASS_FIRST, partial(functional.cross_entropy, weight=weights(1, 9)), "loss cross_entropy: .* agent 1's"),
    "only ignored samples": (ALL_IGNORED_SECOND, nn.CrossEntropyLoss(ignore_index=0),
                             r"loss\(output, y\) = nan on agent 1's samples.*ignore_index = 0 leaves"),
    "one ignored sample": (torch.where(torch.arange(N * S).reshape(N, S) == 13, 0, 1),
                           nn.CrossEntropyLoss(ignore_index=0), "on agent 1's samples.*nan.*ignore_index = 0"),
    "a sum": (LABELS, nn.CrossEntropyLoss(reduction="sum"), "reduction = 'sum' is no mean"),
    "a loop that treats one agent otherwise": (
        ONE_CLASS_FIRST,
        lambda output, y: functional.cross_entropy(output, y) * (2 if len(set(y.tolist())) > 1 else 1),
        "the loss <lambda>: .* on agent 1's samples"),
    "a label out of range": (torch.where(torch.arange(N * S).reshape(N, S) == 20, 5, 0),
                             lambda output, y: functional.cross_entropy(output, y), "fails on agent 2's output"),
    "a random factor": (LABELS, lambda output, y: functional.cross_entropy(output, y) * (1 + torch.rand(())),
                        "on the same output: expected a function"),
    "a parameter": (LABELS, partial(lambda p, output, y: functional.cross_entropy(p * output, y),
                                    nn.Parameter(weights(2))),
                    "trainable tensor of shape .* not among its parameters"),
}  # fmt: skip


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_that_is_no_mean_over_samples_of_any_agent_is_refused(name):
    y, loss, message = LOSSES[name]
    with pytest.raises(InputError, match=message) as caught:
        made(nn.Sequential(layer()), y=y, loss=loss)
    assert "\n" not in str(caught.value)


def test_losses_that_are_means_are_accepted():
    one_class = torch.tensor([[0], [1], [1]]).expand(N, S)

    def looped(output, y):
        return sum(functional.cross_entropy(output[k : k + 1], y[k : k + 1]) for k in range(len(y))) / len(y)

    for y, loss in (
        (LABELS, nn.CrossEntropyLoss(label_smoothing=0.1)),
        (LABELS + 1, nn.CrossEntropyLoss(ignore_index=0)),
        # every batch of an agent has one class, so its weight cancels
        (one_class, nn.CrossEntropyLoss(weight=weights(1, 9))),
        (LABELS, looped),
    ):
        assert made(nn.Sequential(nn.Linear(P, 3) if int(y.max()) > 1 else layer()), y=y, loss=loss).loss_name is None


def test_every_agent_is_asked_about_its_loss_where_they_are_many():
    n = 3000
    x, y = torch.ones(n, 2, 1), torch.zeros(n, 2, dtype=torch.int64)
    y[n - 2, 1] = 1
    for loss in (
        nn.CrossEntropyLoss(weight=torch.tensor([1.0, 9.0])),
        # control flow on labels cannot be batched: agents with other sets of labels are asked
        lambda output, y: functional.cross_entropy(output, y) * (1 + len(set(y.tolist()))),
    ):
        with pytest.raises(InputError, match=f"agent {n - 2}'s samples"):
            NetworkTask(nn.Sequential(nn.Linear(1, 2)), x, y, loss, smooth=True)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_refused_in_one_line(dtype):
    with pytest.raises(InputError, match=f"x has dtype {dtype}: expected float64, or float32"):
        made(layer(), inputs().to(dtype))
    with pytest.raises(InputError, match=f"y has dtype {dtype}: expected float64"):
        made(layer(), y=inputs()[..., :2].to(dtype), loss=functional.mse_loss)
    with pytest.raises(InputError, match=r"x has dtype torch\.float16"):
        made(layer(), np.zeros((N, S, P), np.float16))
    # parameters in half precision are numbers of float64
    assert made(layer().to(dtype)).dtype == torch.float64


def test_a_float32_task_is_looked_at_in_float64():
    with pytest.raises(InputError, match=r"module 2 is Of\(\): the derivative of the loss along a direction"):
        made(with_function(Steeper), inputs().float())
    assert made(with_function(Square), inputs().float()).dtype == torch.float32


def test_rounding_that_a_steep_network_magnifies_is_no_mixing_of_samples():
    torch.manual_seed(0)
    steep = nn.Sequential(nn.Linear(P, 400), Of(lambda m, x: torch.sin(1e5 * x)), nn.Linear(400, 2))
    assert made(steep, inputs().float()).dtype == torch.float32


def test_known_architectures_are_looked_at_once(monkeypatch):
    asked = []
    monkeypatch.setattr(derivative_checks, "_refuse", lambda *given: asked.append(given))
    monkeypatch.setattr(derivative_checks, "_KNOWN", set())
    for _ in range(2):
        made(nn.Sequential(nn.Linear(P, 3), nn.Tanh(), nn.LayerNorm(3), nn.Linear(3, 2)), smooth=None)
    assert len(asked) == 1
    for _ in range(2):
        made(Of(lambda m, x: m.layer(x), layer=layer()))
    assert len(asked) == 3
