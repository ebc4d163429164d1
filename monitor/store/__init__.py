"""The only place that speaks SQL. One module per noun; stages get plain dataclasses and give plain values."""
