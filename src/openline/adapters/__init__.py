"""One adapter per outside thing; each only translates."""
