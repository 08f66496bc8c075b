"""One answer written in many ways: each must be graded as what it is."""
