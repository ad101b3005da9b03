"""What more local steps cost where agents differ: the distance of the limit from the minimum, on two parabolas."""

import empirics

task = empirics.QuadraticTask(A=[[[1.0]], [[0.25]]], c=[[-1.0], [4.0]])  # the mean is least at w = 0
print("tau    limit")
for tau in (1, 2, 5, 20):
    run = empirics.MetaFedAvg(alpha=0.0, nu=0, beta=0.2, tau=tau).run(task, [1.0], rounds=400)
    print(f"{tau:<6} {float(run.iterates[0, -1, 0]):+.6f}")
