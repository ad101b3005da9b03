"""How fast the engine is, against peers that compute the same iterates: `python -m benchmarks.run`."""
