"""Training for nu fine-tuning steps: the loss after fine-tuning, round by round, for FedAvg, Per-FedAvg and nu = 3."""

import sys

import matplotlib.pyplot as plt

import empirics

task = empirics.factories.small_quadratic(n=5, d=4, mu=0.25, L=1.0)
for nu in (0, 1, 3):
    run = empirics.MetaFedAvg(alpha=0.2, nu=nu, beta=0.2, tau=2).run(task, [3.0] * task.d, rounds=30)
    after = [float(empirics.meta_loss(task, w, 0.2, 3).mean()) for w in run.iterates[0]]
    plt.plot(after, label=f"trained with nu = {nu}")
plt.xlabel("rounds")
plt.ylabel("mean loss after 3 fine-tuning steps")
plt.legend()
plt.savefig(sys.argv[1]) if len(sys.argv) > 1 else plt.show()
