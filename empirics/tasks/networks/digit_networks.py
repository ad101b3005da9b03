"""Real data for networks: the handwritten digits, split over agents by label, for a perceptron or a small CNN."""

from __future__ import annotations

from torch import nn

from empirics.numerics.checks import choice
from empirics.numerics.errors import InputError
from empirics.tasks.datasets.digits import digit_images
from empirics.tasks.datasets.partitions import dirichlet_partition, label_partition
from empirics.tasks.networks.agent_samples import AgentData, agent_data
from empirics.tasks.networks.architectures import multilayer_perceptron, small_cnn
from empirics.tasks.networks.network import NetworkTask

ARCHITECTURES = ("mlp", "cnn")
LAYOUTS = ("flat", "image")


def digit_data(
    agents: int = 10,
    *,
    concentration: float | None = None,
    labels_per_agent: int | None = None,
    samples: int = 64,
    held_out: int = 32,
    layout: str = "flat",
    seed: int = 0,
) -> AgentData:
    """The 1,797 digits (UCI, Alpaydin and Kaynak, 1998) over agents, pixels between 0 and 1, labels 0 to 9.

    Exactly one of `concentration` (`dirichlet_partition`) and `labels_per_agent` (`label_partition`) says how labels
    are spread; both None means concentration 0.5. Every agent then has `samples` training and `held_out` other
    samples, as `agent_data` says. `layout` flat gives x (agents, samples, 64), image (agents, samples, 1, 8, 8).

    >>> data = digit_data(4, labels_per_agent=2, samples=8, held_out=4)
    >>> data.x.shape, data.held_y.shape, max(len(set(y)) for y in data.y)
    ((4, 8, 64), (4, 4), 2)
    """
    if concentration is not None and labels_per_agent is not None:
        raise InputError(
            f"concentration = {concentration}, labels_per_agent = {labels_per_agent}: expected only one of them"
        )
    layout = choice("layout", layout, LAYOUTS)
    pixels, labels = digit_images()
    if labels_per_agent is not None:
        parts = label_partition(labels, agents, labels_per_agent, seed=seed)
    else:
        parts = dirichlet_partition(labels, agents, 0.5 if concentration is None else concentration, seed=seed)
    x = pixels[:, None] if layout == "image" else pixels.reshape(len(pixels), -1)
    return agent_data(x, labels, parts, samples, held_out, seed=seed)


def digits_network(
    agents: int = 10,
    *,
    architecture: str = "mlp",
    concentration: float | None = None,
    labels_per_agent: int | None = None,
    samples: int = 64,
    hidden: int = 32,
    seed: int = 0,
) -> NetworkTask:
    """Cross-entropy on `digit_data` of a tanh perceptron 64-hidden-10 (`mlp`) or of `small_cnn` (`cnn`).

    >>> digits_network(3, hidden=8, samples=16).d                 # 65 * 8 + 9 * 10
    610
    """
    layout = LAYOUTS[ARCHITECTURES.index(choice("architecture", architecture, ARCHITECTURES))]
    data = digit_data(
        agents,
        concentration=concentration,
        labels_per_agent=labels_per_agent,
        samples=samples,
        layout=layout,
        seed=seed,
    )
    module = small_cnn(seed=seed) if architecture == "cnn" else multilayer_perceptron((64, hidden, 10), seed=seed)
    return data.task(module, nn.functional.cross_entropy)
