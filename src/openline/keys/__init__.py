"""Sign, verify, identify, derive. Keys are stored elsewhere: this room only computes."""
