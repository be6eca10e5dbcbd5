"""Room 5: what each party may learn of a conflict, and no more."""
