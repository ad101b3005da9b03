"""From evidence to a verdict: findings, rows, statistics."""
