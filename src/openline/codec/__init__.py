"""Bytes to words and back. Nothing else knows an encoding."""
