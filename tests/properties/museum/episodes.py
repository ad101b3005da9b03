"""Support and query losses that are taken for one another."""

from __future__ import annotations

from tests.properties.museum.mistake import META, ROUND, wrong


def maml(agent, w, alpha, nu, fine_tuning="support", outer="query", hessians="support"):
    points = [w]
    for _ in range(nu):
        points.append(points[-1] - alpha * getattr(agent, fine_tuning).gradient(points[-1]))
    v = getattr(agent, outer).gradient(points.pop())
    for point in reversed(points):
        v = v - alpha * getattr(agent, hessians).hvp(point, v)
    return v


@wrong(META, "exact", "one_step", "the outer loss is the support loss", query=True)
def outer_loss_on_the_support_set(agent, w, alpha, nu, mode, delta):
    return maml(agent, w, alpha, nu, outer="support")


@wrong(META, "exact", "one_step", "fine-tuning goes down the query loss, and the Hessians are", query=True)
def fine_tuned_on_the_query_set(agent, w, alpha, nu, mode, delta):
    return maml(agent, w, alpha, nu, fine_tuning="query")


@wrong(META, "exact", "one_step", "the Hessians are those of the query loss", query=True)
def hessians_of_the_query_set(agent, w, alpha, nu, mode, delta):
    return maml(agent, w, alpha, nu, hessians="query")


@wrong(META, "exact", "one_step", "everything is done on the query loss", query=True)
def only_the_query_set(agent, w, alpha, nu, mode, delta):
    return maml(agent, w, alpha, nu, fine_tuning="query", hessians="query")


@wrong(META, "exact", "one_step", "support and query are exchanged", query=True)
def sets_exchanged(agent, w, alpha, nu, mode, delta):
    return maml(agent, w, alpha, nu, "query", "support", "query")


@wrong(META, "exact", "one_step", "the outer loss is support plus query", query=True)
def outer_loss_on_both_sets(agent, w, alpha, nu, mode, delta):
    return maml(agent, w, alpha, nu) + maml(agent, w, alpha, nu, outer="support")


@wrong(ROUND, "exact", "affine_on_quadratics", "the outer loss is the support loss", query=True)
def round_on_the_support_sets(agents, w, setting):
    ends = []
    for agent in agents:
        x = w
        for _ in range(setting.tau):
            x = x - setting.beta * maml(agent, x, setting.alpha, setting.nu, outer="support")
        ends.append(x)
    return sum(ends) / len(ends)
