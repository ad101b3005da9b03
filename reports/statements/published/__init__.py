"""Published bounds on left sides that our own statements measure."""
