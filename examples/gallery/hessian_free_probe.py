"""The error of the Hessian-free meta-gradient by its probe step: curvature where it is long, rounding where short."""

import sys

import matplotlib.pyplot as plt

import empirics

task = empirics.factories.small_logcosh()
w = [0.5] * task.d
exact = empirics.meta_gradient(task, w, 0.2, 1)
deltas = [2.0**-k for k in range(0, 40, 3)]
errors = [
    float((empirics.meta_gradient(task, w, 0.2, 1, mode="hessian_free", delta=delta) - exact).norm(dim=-1).max())
    for delta in deltas
]
plt.loglog(deltas, errors, "o-")
plt.xlabel("probe step delta")
plt.ylabel("largest error over agents")
plt.savefig(sys.argv[1]) if len(sys.argv) > 1 else plt.show()
