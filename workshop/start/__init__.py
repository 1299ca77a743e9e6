"""`grader start`: makes an attendee's repository, with lessons solved for whoever comes late."""
