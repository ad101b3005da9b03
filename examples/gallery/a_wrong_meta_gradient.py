"""A forgotten create_graph: the properties find it, shrink it and name it."""

import torch
from torch.func import functional_call

from empirics.testing import check_meta_gradient, on_modules


def maml(module, x, y, loss, alpha, nu):
    """One fine-tuning loop in which Hessians are lost."""
    fast = dict(module.named_parameters())
    for _ in range(nu):
        inner = loss(functional_call(module, fast, (x,)), y)
        grads = torch.autograd.grad(inner, list(fast.values()))  # no create_graph=True
        fast = {name: p - alpha * g for (name, p), g in zip(fast.items(), grads, strict=True)}
    return torch.autograd.grad(loss(functional_call(module, fast, (x,)), y), list(module.parameters()))


try:
    check_meta_gradient(on_modules(maml), max_examples=5)
except AssertionError as failure:
    print(str(failure)[:600])
