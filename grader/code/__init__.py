"""What is read out of an attendee's Python and commands, none of which is run."""
