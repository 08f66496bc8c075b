"""Faulty implementations with switches, by stem; correct when all switches are off."""
