"""Constants of a small network on a ball: proved from above, estimated from below; the truth lies between."""

from torch import nn

import empirics
from empirics.certificates.certified_constants import certified_constants
from empirics.estimation import QUICK, Ball, estimate

data = empirics.sinusoid_data(3, samples=6)
task = data.task(empirics.multilayer_perceptron((1, 3, 1)), nn.functional.mse_loss)
proved = certified_constants(task, task.start, 0.25)
found = estimate(task, Ball(task.start, 0.25), budget=QUICK, names=["L", "rho", "B"])
for name in ("L", "rho", "B"):
    print(f"{found[name].value:.4g} <= {name} <= {proved[name].value:.4g}")
