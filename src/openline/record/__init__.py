"""Incidents, statements and findings, read off the ledger. Empty until it is built."""
