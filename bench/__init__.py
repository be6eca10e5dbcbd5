"""One script for each number we publish. `make bench` runs them all."""
