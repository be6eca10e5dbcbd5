"""The search in plain Python: no compiler needed, and a second opinion on the compiled one."""
