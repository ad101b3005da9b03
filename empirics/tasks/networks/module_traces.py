"""What the submodules of a module were given and gave back while it was evaluated, to name one that is at fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from empirics.tasks.networks.layer_kinds import described


@dataclass(frozen=True)
class Call:
    """One call of a submodule: its parameters by name, its arguments and its result, as they were."""

    name: str
    part: nn.Module
    parameters: dict[str, Tensor]
    arguments: tuple[Any, ...]
    options: dict[str, Any]
    result: Any

    @property
    def words(self) -> str:
        """The submodule on one line."""
        return described(self.name, self.part)


def calls(module: nn.Module, evaluate: Callable[[], Any]) -> list[Call]:
    """All calls of submodules during evaluate(), each after those that it made itself.

    >>> import torch
    >>> net = nn.Sequential(nn.Linear(1, 1), nn.Tanh())
    >>> [call.name for call in calls(net, lambda: net(torch.zeros(1, 1)))]
    ['0', '1', '']
    """
    found: list[Call] = []

    def see(name: str) -> Callable[..., None]:
        def hook(part: nn.Module, arguments: tuple[Any, ...], options: dict[str, Any], result: Any) -> None:
            own = {place: parameter.detach().clone() for place, parameter in part.named_parameters()}
            found.append(Call(name, part, own, arguments, options, result))

        return hook

    with _hooks([part.register_forward_hook(see(name), with_kwargs=True) for name, part in module.named_modules()]):
        evaluate()
    return found


def failing(module: nn.Module, evaluate: Callable[[], Any]) -> str | None:
    """The innermost submodule in which evaluate() raises, on one line; None where it raises in none.

    >>> import torch
    >>> net = nn.Sequential(nn.Linear(1, 1), nn.Linear(2, 1, bias=False))
    >>> failing(net, lambda: net(torch.zeros(1, 1)))
    'module 1 is Linear(in_features=2, out_features=1, bias=False)'
    """
    inside: list[str] = []

    def enter(words: str) -> Callable[..., None]:
        return lambda *_: inside.append(words)

    def leave(*_: Any) -> None:
        inside.pop()

    handles = []
    for name, part in module.named_modules():
        handles += [part.register_forward_pre_hook(enter(described(name, part))), part.register_forward_hook(leave)]
    with _hooks(handles):
        try:
            evaluate()
        except Exception:
            return inside[-1] if inside else None
    return None


def first_unlike(one: list[Call], other: list[Call], same: Callable[[Tensor, Tensor], bool]) -> str | None:
    """The first submodule that was given the same in two evaluations and gave something else, on one line."""
    for mine, its in zip(one, other, strict=False):
        if mine.part is not its.part:
            return None
        given, got = (
            _pairs((mine.arguments, mine.options), (its.arguments, its.options)),
            _pairs(mine.result, its.result),
        )
        if all(same(*pair) for pair in given) and not all(same(*pair) for pair in got):
            return mine.words
    return None


def tensors(nested: Any) -> list[Tensor]:
    """All tensors in nested tuples, lists and dictionaries.

    >>> import torch
    >>> len(tensors((torch.zeros(1), {"a": [torch.zeros(1)], "b": 2})))
    2
    """
    if isinstance(nested, Tensor):
        return [nested]
    if isinstance(nested, dict):
        return tensors(list(nested.values()))
    return [found for part in nested for found in tensors(part)] if isinstance(nested, (tuple, list)) else []


def one_line(error: BaseException, most: int = 200) -> str:
    r"""What an exception says, on one line and cut to a length at which it can be read.

    >>> one_line(ValueError("sizes\n  differ"))
    'sizes differ'
    """
    words = " ".join(str(error).split()) or type(error).__name__
    return words if len(words) <= most else words[:most] + "..."


def _pairs(one: Any, other: Any) -> list[tuple[Tensor, Tensor]]:
    return list(zip(tensors(one), tensors(other), strict=False))


@contextmanager
def _hooks(handles: list[Any]) -> Iterator[None]:
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
