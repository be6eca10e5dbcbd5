"""What the bench of the engine is made of: workloads, our search, its peers, a server, clocks, tables, plots."""
