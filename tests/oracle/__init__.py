"""Slow and obvious answers to compare the engine with. Nothing here shares code with what it judges."""
