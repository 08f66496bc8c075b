"""Correct answers that are written differently, by stem: they must score full marks."""
