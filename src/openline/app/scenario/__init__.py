"""Scenarios: files that a domain expert writes, replayed on an embedded node."""
