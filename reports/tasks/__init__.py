"""From the name in a plan to a task that keeps its word."""
