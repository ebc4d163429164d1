"""The only place that speaks SQL. One module per noun; a stage gets plain dataclasses from it and gives plain values."""
