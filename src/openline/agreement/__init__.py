"""Room 2: what the agreements in force say of a notice, and of a pair. Pure, and versioned with the agreement."""
