"""`grader watch`: grades again at each change, on a screen."""
