"""`grader start`: makes an attendee's repository."""
