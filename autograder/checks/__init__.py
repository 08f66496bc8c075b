"""Checks: what must hold of a learner's answer, as pytest tests.

A check file holds plain tests with the fixtures `student`, `reference` and `draw`
of `session`. The same file runs on a learner's own functions in their kernel and
on a proxy to a sandboxed process.
"""
