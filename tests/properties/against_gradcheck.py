"""What torch's gradcheck and gradgradcheck find of the two museums: `python -m tests.properties.against_gradcheck`.

gradcheck is given the best chance that it can have: the meta loss itself, right and differentiable, as a function whose
backward is the checked implementation, at every point that the suite draws for four of its properties. It compares with
differences at its own default tolerances. gradgradcheck differentiates the loss of an agent twice, which is what code
for a meta-gradient relies on. Neither has anything to say about a mode whose answer is no derivative, about batches
or about a round.
"""

from __future__ import annotations

import sys
import warnings
from functools import cache

import numpy as np
import torch

from empirics.testing.arrays import WrongResultError, arrays_of
from empirics.testing.tables import META_GRADIENT
from tests.properties.matrix import drawn, drawn_for, first_failure
from tests.properties.museum import MISTAKES

POINTS = ("plain_gradient", "one_step", "jacobian_product", "derivative_of_meta_loss")
KINDS = {
    "factors": "factors and steps",
    "special_cases": "special numbers and precision",
    "memory": "memory and side effects",
    "approximate": "first-order and Hessian-free modes",
    "stochastic": "batches",
    "rounds": "rounds",
    "federated": "another quantity than the meta-gradient",
    "optimisers": "another rule of fine-tuning",
    "probes": "modes taken for one another",
    "episodes": "support and query",
    "federated_rounds": "rounds of federated code",
    "conduct": "conduct",
}


def found_by_gradcheck(mistake) -> bool | None:
    """Whether gradcheck fails at one of the points; None where the answer is not meant to be the derivative of F."""
    if mistake.checker != META_GRADIENT.name or mistake.mode != "exact":
        return None
    ask = META_GRADIENT.ask(mistake.make(), arrays_of(mistake.dtype))
    cases = [case for name in POINTS for case in drawn(*drawn_for(mistake, name))]
    return any(not _passes(ask, case) for case in cases)


def _passes(ask, case) -> bool:
    class MetaLoss(torch.autograd.Function):
        @staticmethod
        def forward(ctx, w):
            ctx.save_for_backward(w)
            for _ in range(case.nu):
                w = w - case.alpha * case.problem.support.gradient(w)
            return case.problem.query.loss(w)

        @staticmethod
        def backward(ctx, scale):
            (w,) = ctx.saved_tensors
            at = case.but(w=tuple(w.tolist()))
            return scale * torch.as_tensor(np.asarray(ask(at)))

    w = torch.tensor(case.w, dtype=torch.float64, requires_grad=True)
    try:
        return torch.autograd.gradcheck(MetaLoss.apply, (w,), raise_exception=False)
    except WrongResultError:
        return False


def found_by_gradgradcheck(mistake) -> bool | None:
    """Whether gradgradcheck fails for the loss of an agent: the mistakes are made elsewhere, so it cannot."""
    if mistake.checker != META_GRADIENT.name or mistake.mode != "exact":
        return None
    return any(not _twice(*drawn_for(mistake, name)) for name in POINTS)


@cache
def _twice(*which) -> bool:
    return all(_is_differentiated_twice(case) for case in drawn(*which)[:5])


def _is_differentiated_twice(case) -> bool:
    w = torch.tensor(case.w, dtype=torch.float64, requires_grad=True)
    return torch.autograd.gradgradcheck(case.problem.support.loss, (w,), raise_exception=False)


def table(mistakes=MISTAKES) -> str:
    """Markdown: for each kind of mistake how many there are, how many each finds, and how many it can speak about."""
    lines = [
        "| mistakes | there are | gradcheck can be asked | and finds | gradgradcheck finds | the suite finds |",
        "|---|---|---|---|---|---|",
    ]
    total = np.zeros(5, dtype=int)
    for home, words in KINDS.items():
        own = [mistake for mistake in mistakes if mistake.home == home]
        once = [found_by_gradcheck(mistake) for mistake in own]
        twice = [found_by_gradgradcheck(mistake) for mistake in own]
        suite = [first_failure(mistake)[-1] is not None for mistake in own]
        asked = sum(each is not None for each in once)
        row = np.array([len(own), asked, sum(map(bool, once)), sum(map(bool, twice)), sum(suite)])
        total += row
        lines.append(f"| {words} | {' | '.join(map(str, row))} |")
    return "\n".join([*lines, f"| all | {' | '.join(map(str, total))} |"])


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sys.stdout.write(f"{table()}\n")
