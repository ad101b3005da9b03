"""A loss recorded as a graph of plain operations, and passes that clean it."""
