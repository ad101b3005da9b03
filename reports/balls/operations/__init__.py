"""One file a kind of operation: forward rules on jets and reverse rules."""
