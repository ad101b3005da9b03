"""Modules whose derivative by torch is not that of their loss, or that are no function: refused by the layer's name."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations, prune
from torch.utils.checkpoint import checkpoint

from empirics import InputError
from empirics.tasks.networks import derivative_checks
from tests.empirics.small_modules import (
    WORDS,
    N,
    Of,
    P,
    S,
    Square,
    Steeper,
    inputs,
    layer,
    made,
    recurrent,
    transformer,
    with_function,
)

# torch says so of operations that it batches one by one
pytestmark = pytest.mark.filterwarnings("ignore:There is a performance drop:UserWarning")


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


class Rounded(torch.autograd.Function):
    """Straight through: the gradient of another function."""

    @staticmethod
    def forward(ctx, x):
        return (8 * x).round() / 8

    @staticmethod
    def backward(ctx, g):
        return g


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
