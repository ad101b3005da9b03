"""Is everything right and fast on a GPU: `python -m benchmarks.gpu`, rehearsed with --device cpu."""
