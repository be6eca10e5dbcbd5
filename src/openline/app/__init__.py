"""The command line, configuration, and the one place that picks adapters."""
