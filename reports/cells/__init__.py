"""What a plan asks for, entry by entry: a task, and a cell that measures statements on it."""
