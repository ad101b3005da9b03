"""How each recorded operation of torch is written as steps of a program.

Truth values and integers are kept as real numbers; nothing is divided or rounded in integers, and every operation that
is not listed is refused.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.fx import Node

from empirics.backends.native.tensors import Value
from empirics.backends.native.writer import UnsupportedError, Writer

aten = torch.ops.aten

Given = Callable[[Node], Any]

_VIEWS = {
    *(aten.view.default, aten._unsafe_view.default, aten.reshape.default, aten.expand.default, aten.permute.default),
    *(aten.transpose.int, aten.t.default, aten.unsqueeze.default, aten.squeeze.dim, aten.squeeze.dims),
    *(aten.squeeze.default, aten.select.int, aten.slice.Tensor),
}
_PIECES = {aten.split.Tensor, aten.split_with_sizes.default, aten.chunk.default, aten.unbind.int}
_SAME = {aten.clone.default, aten.alias.default, aten.detach.default, aten.lift_fresh_copy.default}
_OF_ONE = {
    aten.neg.default: "negative",
    aten.tanh.default: "tanh",
    aten.exp.default: "exponential",
    aten.log.default: "logarithm",
    aten.sqrt.default: "square root",
    aten.reciprocal.default: "reciprocal",
    aten.sin.default: "sine",
    aten.cos.default: "cosine",
    aten.erf.default: "error function",
    aten.abs.default: "absolute",
    aten.sign.default: "sign",
    aten.sgn.default: "sign",
    aten.log1p.default: "logarithm of more",
    aten.expm1.default: "exponential less",
    torch.ops.prims.expm1.default: "exponential less",
    aten.cosh.default: "hyperbolic cosine",
    aten.sinh.default: "hyperbolic sine",
    aten.atan.default: "arctangent",
}
_OF_TWO = {
    aten.mul.Tensor: "multiply",
    aten.mul.Scalar: "multiply",
    aten.div.Tensor: "divide",
    aten.div.Scalar: "divide",
    aten.maximum.default: "maximum",
    aten.minimum.default: "minimum",
    aten.tanh_backward.default: "tanh backward",
    aten.eq.Tensor: "equal",
    aten.eq.Scalar: "equal",
    aten.ne.Tensor: "unequal",
    aten.ne.Scalar: "unequal",
    aten.lt.Tensor: "less",
    aten.lt.Scalar: "less",
    aten.le.Tensor: "at most",
    aten.le.Scalar: "at most",
    aten.gt.Tensor: "greater",
    aten.gt.Scalar: "greater",
    aten.ge.Tensor: "at least",
    aten.ge.Scalar: "at least",
}
_SUMS = {aten.add.Tensor: "add", aten.add.Scalar: "add", aten.sub.Tensor: "subtract", aten.sub.Scalar: "subtract"}
_TOTALS = {aten.sum.dim_IntList, aten.sum.default, aten.mean.dim, aten.mean.default}


def written(writer: Writer, node: Node, given: Given) -> Any:
    """The result of a node: a Value, or a tensor where it is known already.

    Raises:
        UnsupportedError: an operation that programs do not know.
    """
    arguments = [_resolved(argument, given) for argument in node.args]
    if node.target is operator.getitem:
        return arguments[0][arguments[1]]
    if not any(isinstance(argument, Value) for argument in _flat(arguments)):
        return _known(node, arguments)
    return _written(writer, node, arguments)


def _resolved(argument: Any, given: Given) -> Any:
    if isinstance(argument, Node):
        return given(argument)
    return [_resolved(part, given) for part in argument] if isinstance(argument, (list, tuple)) else argument


def _flat(arguments: Sequence[Any]) -> list[Any]:
    return [one for part in arguments for one in (_flat(part) if isinstance(part, (list, tuple)) else [part])]


def _known(node: Node, arguments: list[Any]) -> Tensor:
    if node.op == "get_attr":
        return operator.attrgetter(str(node.target))(node.graph.owning_module)
    assert callable(node.target)
    return node.target(*arguments, **node.kwargs)


def _written(writer: Writer, node: Node, arguments: list[Any]) -> Any:
    target: Any = node.target

    def tensor(argument: Any) -> Value:
        if isinstance(argument, Value):
            return argument
        return writer.constant(argument) if isinstance(argument, Tensor) else writer.number(float(argument))

    if target in _VIEWS:
        return _view(writer, node, tensor(arguments[0]), arguments[1:])
    if target in _PIECES:
        whole = tensor(arguments[0])
        return [whole.seen(meta) for meta in target(whole.meta, *arguments[1:])]
    if target in _SAME or (target is aten._to_copy.default and _keeps_numbers(node)):
        return tensor(arguments[0])
    if target in _OF_ONE:
        return writer.elementwise(_OF_ONE[target], tensor(arguments[0]))
    if target in _OF_TWO and not node.kwargs:
        return _times(writer, _OF_TWO[target], *map(tensor, arguments))
    if target in _SUMS and not _boolean(node):
        return _sum(writer, _SUMS[target], tensor(arguments[0]), tensor(arguments[1]), _scale(node))
    if target in (aten.pow.Tensor_Scalar, aten.square.default, aten.rsqrt.default, aten.sigmoid.default):
        return _power(writer, target, tensor(arguments[0]), arguments[1] if len(arguments) > 1 else None)
    if target in (aten.bitwise_not.default, aten.logical_not.default) and _boolean(node.args[0]):
        return writer.elementwise("equal", tensor(arguments[0]), writer.number(0.0))
    if target in (aten.bitwise_and.Tensor, aten.logical_and.default) and all(map(_boolean, node.args)):
        return writer.elementwise("multiply", *map(tensor, arguments))
    if target is aten.relu.default:
        return writer.elementwise("maximum", tensor(arguments[0]), writer.number(0.0))
    if target in (aten.clamp.default, aten.clamp_min.default, aten.clamp_max.default):
        return _clamped(writer, target, tensor(arguments[0]), arguments[1:])
    if target is aten.threshold_backward.default:
        below = writer.elementwise("at most", tensor(arguments[1]), tensor(arguments[2]))
        return writer.elementwise("where", below, writer.number(0.0), tensor(arguments[0]))
    if target is aten.all.dims and _boolean(node.args[0]):
        return _all(writer, node, tensor(arguments[0]), arguments[1:])
    if target is aten.copy.default:
        return _broadcast(tensor(arguments[1]), tensor(arguments[0]))
    if target is aten.masked_fill.Scalar:
        return writer.elementwise("where", tensor(arguments[1]), tensor(arguments[2]), tensor(arguments[0]))
    if target in (aten.slice_scatter.default, aten.select_scatter.default):
        place = aten.slice.Tensor if target is aten.slice_scatter.default else aten.select.int
        return _replaced(writer, tensor(arguments[0]), tensor(arguments[1]), place, arguments[2:])
    if target is aten.where.self:
        return writer.elementwise("where", *map(tensor, arguments))
    if target in (aten.bmm.default, aten.mm.default):
        return _product(writer, node, tensor(arguments[0]), tensor(arguments[1]))
    if target in (aten.baddbmm.default, aten.addmm.default) and not node.kwargs and len(arguments) == 3:
        return _product(writer, node, *map(tensor, (arguments[1], arguments[2], arguments[0])))
    if target in _TOTALS:
        return _total(writer, node, tensor(arguments[0]), arguments[1:])
    if target in (aten.amax.default, aten.amin.default):
        return _highest(writer, node, tensor(arguments[0]), arguments[1:])
    if target in (aten.gather.default, aten.scatter.value, aten.scatter.src, aten.scatter_add.default):
        return _indexed(writer, node, tensor(arguments[0]), arguments[1], *map(tensor, arguments[2:]))
    if target is aten.cat.default:
        return _joined(writer, node, [tensor(part) for part in arguments[0]], *arguments[1:])
    raise UnsupportedError(str(target))


def _view(writer: Writer, node: Node, value: Value, arguments: list[Any]) -> Value:
    assert callable(node.target)
    target = aten.view.default if node.target in (aten._unsafe_view.default, aten.reshape.default) else node.target
    try:
        return value.seen(target(value.meta, *arguments))
    except RuntimeError:
        return writer.reshaped(value, node.meta["val"].shape)


def _keeps_numbers(node: Node) -> bool:
    source = node.args[0]
    assert isinstance(source, Node)
    return node.meta["val"].is_floating_point() or not source.meta["val"].is_floating_point()


def _boolean(node: Any) -> bool:
    return isinstance(node, Node) and node.meta["val"].dtype == torch.bool


def _scale(node: Node) -> float:
    if set(node.kwargs) - {"alpha"} or len(node.args) > 2:
        raise UnsupportedError(f"{node.target} with {node.kwargs} {node.args[2:]}")
    scale: Any = node.kwargs.get("alpha", 1)
    return float(scale)


def _times(writer: Writer, operation: str, a: Value, b: Value) -> Value:
    if operation in ("multiply", "divide") and _is_number(writer, b, 1.0):
        return _broadcast(a, b)
    return writer.elementwise(operation, a, b)


def _sum(writer: Writer, operation: str, a: Value, b: Value, scale: float) -> Value:
    if _is_number(writer, b, 0.0):
        return _broadcast(a, b)
    if _is_number(writer, a, 0.0) and operation == "add" and scale == 1:
        return _broadcast(b, a)
    return writer.elementwise(
        operation, a, b if scale == 1 else writer.elementwise("multiply", b, writer.number(scale))
    )


def _is_number(writer: Writer, value: Value, number: float) -> bool:
    return value.storage is writer.number(number).storage


def _broadcast(value: Value, other: Value) -> Value:
    return value.seen(value.meta.expand(torch.broadcast_shapes(value.shape, other.shape)))


def _power(writer: Writer, target: Any, value: Value, exponent: Any) -> Value:
    if target is aten.sigmoid.default:
        falling = writer.elementwise("exponential", writer.elementwise("negative", value))
        return writer.elementwise("reciprocal", writer.elementwise("add", falling, writer.number(1.0)))
    if target is aten.rsqrt.default:
        return writer.elementwise("reciprocal", writer.elementwise("square root", value))
    if target is aten.square.default or exponent == 2:
        return writer.elementwise("multiply", value, value)
    if exponent == 0:
        one = writer.number(1.0)
        return one.seen(one.meta.expand(value.shape))
    if exponent == 1:
        return value
    if exponent == 3:
        return writer.elementwise("multiply", writer.elementwise("multiply", value, value), value)
    return writer.elementwise("power", value, writer.number(float(exponent)))


def _clamped(writer: Writer, target: Any, value: Value, limits: list[Any]) -> Value:
    low, high = (None, limits[0]) if target is aten.clamp_max.default else (*limits, None)[:2]
    if low is not None:
        value = writer.elementwise("maximum", value, writer.number(float(low)))
    return value if high is None else writer.elementwise("minimum", value, writer.number(float(high)))


def _replaced(writer: Writer, value: Value, part: Value, place: Callable[..., Tensor], where: list[Any]) -> Value:
    out = writer.new(value.shape)
    writer.elementwise("copy", value, into=out)
    writer.elementwise("copy", part, into=out.seen(place(out.meta, *where)))
    return out


def _product(writer: Writer, node: Node, a: Value, b: Value, onto: Value | None = None) -> Value:
    flat = len(a.shape) == 2
    if flat:
        a, b = (value.seen(value.meta.unsqueeze(0)) for value in (a, b))
    shape = (a.shape[0], a.shape[1], b.shape[2])
    if onto is not None:
        base: Any = node.args[0]
        owned = base.target in (aten.bmm.default, aten.baddbmm.default) and len(base.users) == 1
        if not (
            owned and onto.shape == shape and onto.storage.area is None and onto.storage.uses[0][0] == writer.phase
        ):
            held = writer.new(shape, writer.product_strides(shape))
            writer.elementwise("copy", onto, into=held)
            onto = held
    made = writer.product(a, b, onto)
    return made.seen(made.meta.squeeze(0)) if flat else made


def _total(writer: Writer, node: Node, value: Value, arguments: list[Any]) -> Value:
    every = node.target in (aten.sum.default, aten.mean.default)
    dims = list(range(len(value.shape))) if every or not arguments[0] else arguments[0]
    total = writer.reduced("total", 0.0, value, dims)
    if node.target in (aten.mean.dim, aten.mean.default):
        count = 1
        for dim in dims:
            count *= value.shape[dim]
        total = writer.elementwise("multiply", total, writer.number(1.0 / count))
    return _dropped(node, total, dims)


def _highest(writer: Writer, node: Node, value: Value, arguments: list[Any]) -> Value:
    dims = arguments[0] if arguments and arguments[0] else list(range(len(value.shape)))
    lowest = node.target is aten.amin.default
    taken = writer.elementwise("negative", value) if lowest else value
    found = writer.reduced("highest", float("-inf"), taken, dims)
    return _dropped(node, writer.elementwise("negative", found) if lowest else found, dims)


def _all(writer: Writer, node: Node, value: Value, arguments: list[Any]) -> Value:
    dims = arguments[0] if arguments and arguments[0] else list(range(len(value.shape)))
    missing = writer.reduced("total", 0.0, writer.elementwise("equal", value, writer.number(0.0)), dims)
    return _dropped(node, writer.elementwise("equal", missing, writer.number(0.0)), dims)


def _dropped(node: Node, value: Value, dims: Sequence[int]) -> Value:
    keeps = len(node.meta["val"].shape) == len(value.shape)
    return value if keeps else value.seen(value.meta.squeeze(tuple(dims)))


def _indexed(writer: Writer, node: Node, source: Value, dim: int, index: Value, moved: Value | None = None) -> Value:
    if not index.shape:
        raise UnsupportedError(f"{node.target} by a single index")
    if node.target is aten.gather.default:
        out = writer.new(index.shape)
        writer.indexed("gather", out, source, index, dim)
        return out
    assert moved is not None
    if set(node.kwargs):
        raise UnsupportedError(f"{node.target} with {node.kwargs}")
    out = writer.new(source.shape)
    writer.elementwise("copy", source, into=out)
    seen = moved.seen(moved.meta[tuple(slice(0, length) for length in index.shape)] if moved.shape else moved.meta)
    operation = "scatter add" if node.target is aten.scatter_add.default else "scatter"
    writer.indexed(operation, out, seen.seen(seen.meta.expand(index.shape)), index, dim)
    return out


def _joined(writer: Writer, node: Node, values: list[Value], dim: int = 0) -> Value:
    out = writer.new(node.meta["val"].shape)
    start = 0
    for value in values:
        length = value.shape[dim]
        writer.elementwise("copy", value, into=out.seen(out.meta.narrow(dim, start, length)))
        start += length
    return out
