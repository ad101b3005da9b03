"""Accuracy on agents that training never saw, before and after fine-tuning: the digits, one hidden layer of 8."""

from torch.nn import functional

import empirics

data = empirics.digit_data(12, labels_per_agent=3, samples=24, held_out=16)
seen, new = data.agents(slice(0, 8)), data.agents(slice(8, 12))
module = empirics.multilayer_perceptron((64, 8, 10))
task, fresh = (part.task(module, functional.cross_entropy) for part in (seen, new))
print("nu    0 steps  1 step   5 steps")
for nu in (0, 1, 3):
    run = empirics.MetaFedAvg(alpha=0.2, nu=nu, beta=0.5, tau=2).run(task, task.start, rounds=30)
    points = [run.personalise(fresh, steps, alpha=0.2)[0] for steps in (0, 1, 5)]
    right = [(fresh.predict(w, new.held_x).numpy() == new.held_y).mean() for w in points]
    print(f"{nu:<5} " + "".join(f"{share:<9.3f}" for share in right))
