"""What was run, kept by content; cells and the processes that run them."""
