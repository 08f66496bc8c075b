"""What runs inside the sandbox. A learner's code can read these files, so nothing here may be a secret.

The package is mounted on its own, under its last name: it imports nothing else of the project.
"""
