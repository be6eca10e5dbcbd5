"""Openline, the line that stays open for safety: tell, check, warn, answer, prove."""

__version__ = "0.1.0"
