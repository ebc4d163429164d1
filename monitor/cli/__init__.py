"""The command line: one short module per command group. What they decide and compute lies in the floors below."""
