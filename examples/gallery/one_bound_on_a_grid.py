"""A bound beside what really happens, over a grid of settings: S4 on a sum of cosines."""

import reports

found = reports.check_setting("S4", task="cosine", alpha_L=["1/16", "1/4"], nu=[1, 2], radius=2)
columns = ["alpha_L", "nu", "quantity", "measured", "predicted", "tightness", "verdict"]
print(found.frame()[columns].to_string(index=False))
