"""Baken: a report in, a warning out."""
