"""The report of an evaluation as one page to read: figures, plots, and what went wrong, side by side."""
