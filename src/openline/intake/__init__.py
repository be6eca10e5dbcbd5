"""Room 1: an envelope in, a verified document or a coded refusal out."""
