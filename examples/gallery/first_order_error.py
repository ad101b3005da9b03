"""The error of the first-order meta-gradient against the fine-tuning step, below its bound S8."""

import sys

import matplotlib.pyplot as plt

import empirics
import theory

task = empirics.factories.small_cosine()
known = task.constants()
L, B = known["L"].value, known["B"].value
alphas = [2.0**-k for k in range(2, 9)]
w = [0.5] * task.d
errors = []
for alpha in alphas:
    exact, first = (empirics.meta_gradient(task, w, alpha, 2, mode=mode) for mode in ("exact", "first_order"))
    errors.append(float((exact - first).norm(dim=-1).max()))
bounds = [theory.quantity("b_FO").value(alpha=alpha, L=L, B=B, nu=2) for alpha in alphas]
plt.loglog(alphas, errors, "o-", label="largest error over agents")
plt.loglog(alphas, bounds, "--", label="bound")
plt.xlabel("alpha")
plt.legend()
plt.savefig(sys.argv[1]) if len(sys.argv) > 1 else plt.show()
