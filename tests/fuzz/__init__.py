"""Hostile bytes for every parser: targets, the driver that searches, and the corpus that is kept."""
