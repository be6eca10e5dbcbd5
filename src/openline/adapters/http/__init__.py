"""The node's HTTP face: notices in, feeds out, the ledger for everyone."""
