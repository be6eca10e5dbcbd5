"""The compiled search: hashed cells of space and time over columns, and the exact comparison of shapes in metres."""
