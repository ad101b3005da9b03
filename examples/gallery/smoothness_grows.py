"""How the smoothness constant of the meta losses grows with fine-tuning steps, for three step sizes."""

import sys

import matplotlib.pyplot as plt

import theory

steps = range(11)
for alpha in ("1/20", "1/10", "1/5"):
    points = theory.quantity("L_F").table(alpha=alpha, L=1, rho="1/2", B=3, nu=steps)
    plt.plot(steps, [point["L_F"] for point in points], marker="o", label=f"alpha = {alpha}")
plt.yscale("log")
plt.xlabel("fine-tuning steps nu")
plt.ylabel("L_F (S4)")
plt.legend()
plt.savefig(sys.argv[1]) if len(sys.argv) > 1 else plt.show()
