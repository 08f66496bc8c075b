"""What runs inside the sandbox. A learner's code can read these files: no secrets here.

The package is mounted on its own, under its last name: it imports nothing else of the project.
"""
