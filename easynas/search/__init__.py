"""The heart: trials, the study that keeps them, the clock, and the loop that joins a strategy with an engine."""
