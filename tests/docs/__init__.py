"""Promises about the documentation, the words, the layers and the folders."""
