"""The spread of the last iterate over independent runs, by the number of agents that take part in a round."""

import empirics

task = empirics.factories.small_quadratic(n=8, d=4)
print("m    standard deviation")
for m in (1, 2, 4, 8):
    run = empirics.MetaFedAvg(alpha=0.1, nu=1, beta=0.1, tau=1, participants=m).run(
        task, [1.0] * task.d, rounds=40, replicas=64
    )
    print(f"{m:<4} {float(run.iterates[:, -1].std(dim=0).norm()):.4f}")
