"""Public implementations behind the adapter: a few lines each, as their documentation shows them."""

from __future__ import annotations

import torch


def with_higher(module, x, y, loss, alpha, nu):
    """higher: the inner loop of an optimiser, with the initial weights kept in the graph."""
    import higher

    inner = torch.optim.SGD(module.parameters(), lr=alpha)
    with higher.innerloop_ctx(module, inner, copy_initial_weights=False) as (fast, steps):
        for _ in range(nu):
            steps.step(loss(fast(x), y))
        return torch.autograd.grad(loss(fast(x), y), list(module.parameters()))


def with_higher_copied(module, x, y, loss, alpha, nu):
    """The same with copied initial weights, its default: what is differentiated is then the copy."""
    import higher

    inner = torch.optim.SGD(module.parameters(), lr=alpha)
    with higher.innerloop_ctx(module, inner) as (fast, steps):
        for _ in range(nu):
            steps.step(loss(fast(x), y))
        loss(fast(x), y).backward()


def with_higher_first_order(module, x, y, loss, alpha, nu):
    """higher without its graph, and the gradient at the fine-tuned point."""
    import higher

    inner = torch.optim.SGD(module.parameters(), lr=alpha)
    with higher.innerloop_ctx(module, inner, track_higher_grads=False) as (fast, steps):
        for _ in range(nu):
            steps.step(loss(fast(x), y))
        return torch.autograd.grad(loss(fast(x), y), list(fast.parameters()))


def episodes_with_higher(module, support, query, loss, alpha, nu):
    """Support and query sets."""
    import higher

    inner = torch.optim.SGD(module.parameters(), lr=alpha)
    with higher.innerloop_ctx(module, inner, copy_initial_weights=False) as (fast, steps):
        for _ in range(nu):
            steps.step(loss(fast(support[0]), support[1]))
        return torch.autograd.grad(loss(fast(query[0]), query[1]), list(module.parameters()))


def with_torchopt(module, x, y, loss, alpha, nu):
    """TorchOpt: a differentiable optimiser, and the parameters put back."""
    import torchopt

    inner = torchopt.MetaSGD(module, lr=alpha)
    start, parameters = torchopt.extract_state_dict(module, by="reference"), list(module.parameters())
    for _ in range(nu):
        inner.step(loss(module(x), y))
    gradients = torch.autograd.grad(loss(module(x), y), parameters)
    torchopt.recover_state_dict(module, start)
    return gradients


def with_torchopt_not_recovered(module, x, y, loss, alpha, nu):
    """The same without the last line: the module keeps its fine-tuned parameters."""
    import torchopt

    inner, parameters = torchopt.MetaSGD(module, lr=alpha), list(module.parameters())
    for _ in range(nu):
        inner.step(loss(module(x), y))
    return torch.autograd.grad(loss(module(x), y), parameters)
