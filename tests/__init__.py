"""The tests. Shared pieces are imported from the root: `from tests.samples import counts`."""
