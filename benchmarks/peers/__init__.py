"""The same three exercises in nbgrader and in otter-grader, each as its documentation says."""
