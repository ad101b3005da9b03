"""How unlike agents become as a Dirichlet split concentrates, on the handwritten digits."""

import empirics

_, labels = empirics.tasks.datasets.digits.digit_images()
print("concentration  labels an agent  distance")
for concentration in (100.0, 10.0, 1.0, 0.3):
    parts = empirics.dirichlet_partition(labels, 10, concentration)
    found = empirics.split_statistics([labels[part] for part in parts])
    print(f"{concentration:<14} {found['labels_mean']:<16.1f} {found['distance']:.3f}")
