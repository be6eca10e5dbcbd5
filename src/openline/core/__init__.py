"""The words: immutable values with units, datum and source, and the error tree."""
