"""Inputs that tell the known mistakes apart, by stem."""
