"""Frames that a hostile worker might send, and what the trusted side must make of each."""
