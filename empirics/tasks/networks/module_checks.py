"""What a module must satisfy to be a loss of the theory: smooth, deterministic, and a mean over samples."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd
from torch.nn.modules.instancenorm import _InstanceNorm

from empirics.numerics.errors import InputError
from empirics.tasks.networks.dense_form import loss_name

# Infinitely often differentiable in parameters and inputs (LayerNorm and its kin thanks to their eps > 0).
SMOOTH_KINDS: tuple[type[nn.Module], ...] = (
    *(nn.Sequential, nn.ModuleList, nn.ModuleDict, nn.Identity, nn.Flatten, nn.Unflatten),
    *(nn.Linear, nn.Bilinear, nn.Embedding, nn.Conv1d, nn.Conv2d, nn.Conv3d),
    *(nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d),
    *(nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d),
    *(nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d),
    *(nn.Tanh, nn.Sigmoid, nn.Softplus, nn.GELU, nn.SiLU, nn.Mish, nn.LogSigmoid, nn.Tanhshrink),
    *(nn.Softmax, nn.LogSoftmax, nn.Softmin, nn.LayerNorm, nn.GroupNorm, nn.InstanceNorm1d, nn.InstanceNorm2d),
)
# Not twice continuously differentiable somewhere.
ROUGH_KINDS: tuple[type[nn.Module], ...] = (
    *(nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.PReLU, nn.RReLU, nn.ELU, nn.CELU, nn.SELU, nn.Softsign, nn.Threshold),
    *(nn.Hardtanh, nn.Hardsigmoid, nn.Hardswish, nn.Hardshrink, nn.Softshrink),
    *(nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.LPPool1d, nn.LPPool2d),
    *(nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d),
)


def refuse_coupling(module: nn.Module) -> None:
    """Refuse layers that mix samples, keep statistics or draw at random, naming them.

    >>> refuse_coupling(nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5)))
    Traceback (most recent call last):
    ...
    empirics.numerics.errors.InputError: module 1 is Dropout(p=0.5, inplace=False): it draws at random...
    """
    for name, part in module.named_modules():
        where = f"module {name or '(root)'} is {part}"
        if isinstance(part, _BatchNorm):
            raise InputError(
                f"{where}: it couples the samples or keeps running statistics, so f_i is no mean over its samples and "
                "changes as it is evaluated; use GroupNorm or LayerNorm"
            )
        if isinstance(part, _InstanceNorm) and part.track_running_stats:
            raise InputError(f"{where}: it keeps running statistics; use track_running_stats=False")
        if isinstance(part, _DropoutNd) and part.p > 0:
            raise InputError(f"{where}: it draws at random, so f_i would not be a function of w; remove it or use p=0")
        if isinstance(part, nn.RNNBase) and part.dropout > 0:
            raise InputError(f"{where}: it draws at random, so f_i would not be a function of w; use dropout=0")


def declared_smooth(module: nn.Module, loss: Callable[[Any, Any], Any], smooth: bool | None) -> bool:
    """Whether A2 and A3 may be asked of the network: as declared, or as its layers show.

    Raises InputError when nothing is declared and a layer or the loss is of a kind not known, and when a declaration
    contradicts a layer.

    >>> declared_smooth(nn.Sequential(nn.Linear(2, 1), nn.Tanh()), nn.functional.mse_loss, None)
    True
    """
    kinds = {type(part): name or "(root)" for name, part in module.named_modules()}
    rough = [f"{kind.__name__} ({name})" for kind, name in kinds.items() if issubclass(kind, ROUGH_KINDS)]
    if smooth is not None:
        if smooth and rough:
            raise InputError(f"smooth = True, but the module has {', '.join(rough)}: expected smooth=False")
        return bool(smooth)
    if rough:
        raise InputError(
            f"smooth = None, and the module has {', '.join(rough)}, not twice continuously differentiable: pass "
            "smooth=False to run it without the statements that need A2 or A3, or use tanh, softplus or GELU"
        )
    unknown = [f"{kind.__name__} ({name})" for kind, name in kinds.items() if kind not in SMOOTH_KINDS]
    if loss_name(loss) is None:
        unknown.append(f"the loss {getattr(loss, '__name__', type(loss).__name__)}")
    if unknown:
        raise InputError(
            f"smooth = None, and it cannot be told for {', '.join(unknown)}: pass smooth=True if the loss is three "
            "times continuously differentiable in the parameters (tanh, softplus, GELU, ...), else smooth=False"
        )
    return True


def probe(module: nn.Module, loss: Callable[[Any, Any], Any], x: Tensor, y: Tensor) -> Tensor:
    """The output on one agent's samples, after checking that it can serve as a loss of the theory.

    Refused: an output that differs when evaluated twice, a buffer that changes, a loss that is not one number, and a
    loss that is not the mean of the losses of single samples.
    """
    before = [buffer.clone() for buffer in module.buffers()]
    with torch.no_grad(), torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        # torch warns where shapes broadcast by accident; the comparison below decides about that.
        warnings.simplefilter("ignore")
        try:
            first, second = module(x), module(x)
            whole = loss(first, y)
        except (RuntimeError, ValueError, TypeError, IndexError) as error:
            raise InputError(
                f"the module or its loss fails on one agent's x {tuple(x.shape)}, y {tuple(y.shape)}: {error}"
            ) from None
        if not isinstance(first, Tensor) or len(first) != len(x):
            raise InputError("the module's output is no tensor with one row a sample: expected (samples, ...)")
        changed = [not torch.equal(old, new) for old, new in zip(before, module.buffers(), strict=True)]
        if any(changed) or not _same(first, second):
            raise InputError(
                "the module is not a function of its parameters and inputs: two evaluations in a row differ, or "
                "changed a buffer; remove what draws at random or keeps state"
            )
        if not isinstance(whole, Tensor) or whole.numel() != 1:
            raise InputError("loss(output, y) is not one number: expected the mean over samples")
        single = torch.stack([loss(module(x[k : k + 1]), y[k : k + 1]).reshape(()) for k in range(len(x))])
    _refuse_other_means(whole.reshape(()), single)
    return first


def widest(module: nn.Module, x: Tensor) -> int:
    """The largest number of values for one sample that the module or a part of it puts out.

    >>> widest(nn.Sequential(nn.Linear(2, 5), nn.Tanh(), nn.Linear(5, 1)), torch.zeros(3, 2))
    5
    """
    largest = x[0].numel()

    def see(part: nn.Module, given: Any, output: Any) -> None:
        nonlocal largest
        if isinstance(output, Tensor):
            largest = max(largest, output.numel() // len(x))

    handles = [part.register_forward_hook(see) for part in module.modules()]
    try:
        with torch.no_grad():
            module(x)
    finally:
        for handle in handles:
            handle.remove()
    return largest


def _same(first: Tensor, second: Tensor) -> bool:
    """Equal up to the rounding of sums: a library may share them out among more or fewer threads the next time."""
    if not first.is_floating_point():
        return torch.equal(first, second)
    tolerance = 1e3 * torch.finfo(first.dtype).eps * float(first.abs().max())
    return bool(((first - second).abs() <= tolerance).all())


def _refuse_other_means(whole: Tensor, single: Tensor) -> None:
    # Two sums of the same terms in two orders, through a network: far above their rounding, far below a lost 1/S.
    tolerance = 1e-3 if whole.dtype == torch.float32 else 1e-6
    if not bool((whole - single.mean()).abs() <= tolerance * single.abs().mean() + 1e-30):
        raise InputError(
            f"loss(output, y) = {float(whole):g} on an agent's samples, but its mean over single samples is "
            f"{float(single.mean()):g}: expected a mean (reduction='mean'), y of the output's shape, samples apart"
        )
