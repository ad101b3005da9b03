"""Support and query losses that are taken for one another."""

from __future__ import annotations

from functools import partial

from tests.properties.implementations import maml, right_round
from tests.properties.museum.mistake import META, ROUND, wrong


@wrong(META, "exact", "one_step", "the outer loss is the support loss", query=True)
def outer_loss_on_the_support_set(agent, w, alpha, nu, mode, delta):
    return maml(agent, w, alpha, nu, mode, delta, outer="support")


@wrong(META, "exact", "one_step", "fine-tuning goes down the query loss, and the Hessians are", query=True)
def fine_tuned_on_the_query_set(agent, w, alpha, nu, mode, delta):
    return maml(agent, w, alpha, nu, mode, delta, fine_tuning="query")


@wrong(META, "exact", "one_step", "the Hessians are those of the query loss", query=True)
def hessians_of_the_query_set(agent, w, alpha, nu, mode, delta):
    return maml(agent, w, alpha, nu, mode, delta, hessians="query")


@wrong(META, "exact", "one_step", "everything is done on the query loss", query=True)
def only_the_query_set(agent, w, alpha, nu, mode, delta):
    return maml(agent, w, alpha, nu, mode, delta, fine_tuning="query", hessians="query")


@wrong(META, "exact", "one_step", "support and query are exchanged", query=True)
def sets_exchanged(agent, w, alpha, nu, mode, delta):
    return maml(agent, w, alpha, nu, mode, delta, "query", "query", "support")


@wrong(META, "exact", "one_step", "the outer loss is support plus query", query=True)
def outer_loss_on_both_sets(agent, w, alpha, nu, mode, delta):
    return maml(agent, w, alpha, nu, mode, delta) + maml(agent, w, alpha, nu, mode, delta, outer="support")


@wrong(ROUND, "exact", "affine_on_quadratics", "the outer loss is the support loss", query=True)
def round_on_the_support_sets(agents, w, setting):
    return right_round(agents, w, setting, partial(maml, outer="support"))
