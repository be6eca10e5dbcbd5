"""Incidents, statements and findings, read off the ledger. Empty until the record is built; the arrow keeps its place."""
