"""Rounds of grading and typing: does what the grader tells to type end, and is nothing lost?"""
