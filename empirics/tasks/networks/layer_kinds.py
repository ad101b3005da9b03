"""Which layers are smooth, which are not, and which cannot serve as a loss of the theory at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from torch import Tensor, nn
from torch.jit import ScriptModule
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd
from torch.nn.modules.instancenorm import _InstanceNorm
from torch.nn.modules.linear import NonDynamicallyQuantizableLinear
from torch.nn.parameter import is_lazy
from torch.nn.utils.prune import BasePruningMethod
from torch.nn.utils.spectral_norm import SpectralNorm
from torch.nn.utils.weight_norm import WeightNorm

from empirics.numerics.errors import InputError
from empirics.tasks.networks.dense_form import loss_name, untouched

# Infinitely often differentiable in parameters and inputs, with the options that `_kink` leaves.
SMOOTH_KINDS: tuple[type[nn.Module], ...] = (
    *(nn.Sequential, nn.ModuleList, nn.ModuleDict, nn.Identity, nn.Flatten, nn.Unflatten),
    *(nn.Linear, NonDynamicallyQuantizableLinear, nn.Bilinear, nn.Embedding, nn.Conv1d, nn.Conv2d, nn.Conv3d),
    *(nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d),
    *(nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d),
    *(nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d),
    *(nn.Tanh, nn.Sigmoid, nn.Softplus, nn.GELU, nn.SiLU, nn.Mish, nn.LogSigmoid, nn.Tanhshrink, nn.GLU),
    *(nn.Softmax, nn.LogSoftmax, nn.Softmin, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm),
    *(nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d, nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d),
    *(nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.FeatureAlphaDropout),
    *(nn.MultiheadAttention, nn.RNN, nn.LSTM, nn.GRU, nn.RNNCell, nn.LSTMCell, nn.GRUCell),
)
# Not twice continuously differentiable somewhere, whatever their options.
ROUGH_KINDS: tuple[type[nn.Module], ...] = (
    *(nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.PReLU, nn.RReLU, nn.ELU, nn.CELU, nn.SELU, nn.Softsign, nn.Threshold),
    *(nn.Hardtanh, nn.Hardsigmoid, nn.Hardswish, nn.Hardshrink, nn.Softshrink),
    *(nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.LPPool1d, nn.LPPool2d),
    *(nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d),
    *(nn.FractionalMaxPool2d, nn.FractionalMaxPool3d, nn.MaxUnpool1d, nn.MaxUnpool2d, nn.MaxUnpool3d),
)
_NORMS = (nn.LayerNorm, nn.GroupNorm, nn.RMSNorm, _InstanceNorm)
# softplus(x) = x above its threshold: a jump of log(1 + exp(-20)) = 2e-9, which torch's default has, and no more
_SOFTPLUS_THRESHOLD = 20
_TABLES = (nn.Embedding, nn.EmbeddingBag)
_LEGACY_HOOKS = (WeightNorm, SpectralNorm, BasePruningMethod)


def described(name: str, part: nn.Module) -> str:
    """A submodule by its qualified name, class and arguments, on one line.

    >>> described("0", nn.Linear(2, 1)), described("", nn.Sequential())
    ('module 0 is Linear(in_features=2, out_features=1, bias=True)', 'module (root) is Sequential()')
    """
    return f"module {name or '(root)'} is {_words(part)}"


def refuse_layers(module: nn.Module) -> None:
    """Refuse what is no function of parameters and inputs, or has another derivative than torch computes, by name.

    That is: layers that mix samples, keep statistics or draw at random; embeddings that write their table or change
    its gradient; hooks that compute a parameter from others; parameters without values.

    >>> refuse_layers(nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5)))
    Traceback (most recent call last):
    ...
    empirics.numerics.errors.InputError: module 1 is Dropout(p=0.5, inplace=False): it draws at random...
    """
    if not isinstance(module, nn.Module):
        raise InputError(f"module is a {type(module).__name__}: expected a torch.nn.Module")
    for name, part in module.named_modules():
        if isinstance(part, ScriptModule):
            raise InputError(
                f"module {name or '(root)'} is a {part.original_name} compiled by torch.jit, which cannot be looked "
                "into: expected the module that it was made from"
            )
        for reason in (*_without_values(part), *_hooked(part), *_coupled(part), *_random(part), *_table(part)):
            raise InputError(f"{described(name, part)}: {reason}")


def refuse_uncopyable(module: nn.Module) -> None:
    """Refuse what copy.deepcopy does not take, by name: parameters without values, and hooks that compute others.

    >>> refuse_uncopyable(nn.Linear(2, 1))
    """
    for name, part in module.named_modules():
        for reason in (*_without_values(part), *_hooked(part)):
            raise InputError(f"{described(name, part)}: {reason}")


def declared_smooth(module: nn.Module, loss: Callable[[Any, Any], Any], smooth: bool | None) -> bool:
    """Whether A2 and A3 may be asked of the network: as declared, or as its layers show.

    Raises InputError when nothing is declared and a layer or the loss is of a kind not known, and when a declaration
    contradicts a layer.

    >>> declared_smooth(nn.Sequential(nn.Linear(2, 1), nn.Tanh()), nn.functional.mse_loss, None)
    True
    """
    if smooth is not None and not isinstance(smooth, bool):
        raise InputError(f"smooth = {smooth!r}: expected True, False or None")
    parts = list(module.named_modules())
    rough = [f"{words} ({name or '(root)'})" for name, part in parts if (words := _kink(part))]
    if smooth is not None:
        if smooth and rough:
            raise InputError(f"smooth = True, but the module has {_few(rough)}: expected smooth=False")
        return smooth
    if rough:
        raise InputError(
            f"smooth = None, and the module has {_few(rough)}, not twice continuously differentiable: pass "
            "smooth=False to run it without the statements that need A2 or A3, or use tanh, softplus or GELU"
        )
    unknown = [f"{type(part).__name__} ({name or '(root)'})" for name, part in parts if not _known(part)]
    if loss_name(loss) is None:
        unknown.append(f"the loss {getattr(loss, '__name__', type(loss).__name__)}")
    if unknown:
        raise InputError(
            f"smooth = None, and it cannot be told for {_few(unknown)}: pass smooth=True if the loss is three "
            "times continuously differentiable in the parameters (tanh, softplus, GELU, ...), else smooth=False"
        )
    return True


def all_known(module: nn.Module) -> bool:
    """Whether every layer is torch's own, of a smooth kind and as torch runs it: no hooks, no forward of its own.

    >>> all_known(nn.Sequential(nn.Linear(2, 1), nn.Tanh())), all_known(nn.Sequential(nn.ReLU()))
    (True, False)
    """
    return all(_known(part) and not _kink(part) for part in module.modules())


def _known(part: nn.Module) -> bool:
    return type(part) in SMOOTH_KINDS and untouched(part)


def _kink(part: nn.Module) -> str | None:
    """What is not smooth about a layer, its kind or the option that makes it so."""
    kind = type(part).__name__
    if isinstance(part, ROUGH_KINDS):
        return kind
    if isinstance(part, nn.Softplus) and part.threshold < _SOFTPLUS_THRESHOLD:
        return f"{kind} with threshold = {part.threshold:g} (expected at least {_SOFTPLUS_THRESHOLD})"
    if isinstance(part, _NORMS) and part.eps is not None and part.eps <= 0:
        return f"{kind} with eps = {part.eps:g} (expected eps > 0)"
    if isinstance(part, nn.EmbeddingBag) and part.mode == "max":
        return f"{kind} with mode = 'max' (expected 'mean' or 'sum')"
    if getattr(part, "nonlinearity", None) == "relu" and isinstance(part, (nn.RNN, nn.RNNCell)):
        return f"{kind} with nonlinearity = 'relu' (expected 'tanh')"
    if isinstance(part, (nn.TransformerEncoderLayer, nn.TransformerDecoderLayer)) and part.activation in _RELUS:
        return f"{kind} with activation = 'relu' (expected 'gelu')"
    return None


_RELUS = (functional.relu, functional.relu_, functional.leaky_relu, functional.elu, functional.relu6)


def _without_values(part: nn.Module) -> Iterator[str]:
    for name, value in (*part._parameters.items(), *part._buffers.items()):
        if value is not None and is_lazy(value):
            yield f"its {name} has no shape yet: expected initialised parameters; call the module once on a sample"
        elif value is not None and value.is_meta:
            yield f"its {name} is on the device meta and has no values: expected numbers; make it on the CPU"


def _hooked(part: nn.Module) -> Iterator[str]:
    for hook in part._forward_pre_hooks.values():
        if isinstance(hook, _LEGACY_HOOKS):
            kind = type(hook).__name__
            yield (
                f"its hook {kind} writes a parameter computed from others at every call, and such a module cannot be "
                f"copied: expected none; use torch.nn.utils.parametrizations ({kind} has one of that name), or make a "
                "pruning permanent with torch.nn.utils.prune.remove"
            )
    for name, value in vars(part).items():
        if isinstance(value, Tensor) and not value.is_leaf:
            yield (
                f"its {name} is computed from other tensors and kept, and such a module cannot be copied: expected "
                "parameters and buffers; compute it in forward, or detach it"
            )


def _coupled(part: nn.Module) -> Iterator[str]:
    if isinstance(part, _InstanceNorm):
        if part.track_running_stats:
            yield "it keeps running statistics; use track_running_stats=False"
    elif isinstance(part, _BatchNorm) and (part.training or part.running_mean is None):
        yield (
            "it couples the samples or keeps running statistics, so f_i is no mean over its samples and changes as it "
            "is evaluated; use GroupNorm or LayerNorm, or module.eval() to keep its statistics as they are"
        )


def _random(part: nn.Module) -> Iterator[str]:
    if not part.training:
        return
    drawn = "it draws at random, so f_i would not be a function of w"
    if isinstance(part, _DropoutNd) and part.p > 0:
        yield f"{drawn}; remove it, use p=0 or module.eval()"
    if isinstance(part, (nn.RNNBase, nn.MultiheadAttention)) and part.dropout > 0:
        yield f"{drawn}: dropout = {part.dropout:g}; use dropout=0 or module.eval()"
    if isinstance(part, nn.RReLU) and part.lower != part.upper:
        yield f"{drawn}; use LeakyReLU or module.eval()"
    if isinstance(part, (nn.FractionalMaxPool2d, nn.FractionalMaxPool3d)) and part._random_samples is None:
        yield f"{drawn}; give it _random_samples, or use MaxPool2d or AvgPool2d"


def _table(part: nn.Module) -> Iterator[str]:
    if not isinstance(part, _TABLES):
        return
    if part.max_norm is not None:
        yield (
            f"max_norm = {part.max_norm:g} writes rows of its weight when they are read, so f_i is no function of w; "
            "expected max_norm=None; scale the rows in forward"
        )
    if not part.weight.requires_grad:
        return
    if part.padding_idx is not None:
        yield (
            f"padding_idx = {part.padding_idx} gives that row the gradient 0, though the loss depends on it; expected "
            "padding_idx=None; mask the padded places in forward"
        )
    if part.scale_grad_by_freq:
        yield (
            "scale_grad_by_freq = True divides its gradient by how often a row is read, so it is not the derivative "
            "of the loss; expected scale_grad_by_freq=False"
        )
    if part.sparse:
        yield "sparse = True gives a sparse gradient, which has no second derivative; expected sparse=False"


def _few(words: list[str], most: int = 4) -> str:
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more


def _words(part: nn.Module) -> str:
    return f"{type(part).__name__}({' '.join(part.extra_repr().split())})"
