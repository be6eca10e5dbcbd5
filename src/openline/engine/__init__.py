"""Room 4: the volumes in force, and which of them are nearer to each other than an agreement allows."""
