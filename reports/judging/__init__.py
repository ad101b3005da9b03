"""From evidence to a verdict: measurements, rows, statistics."""
