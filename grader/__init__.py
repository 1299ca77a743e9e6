"""Judges an attendee's repository."""
