"""What is known of the attendee's stages: nothing here registers a check, or makes a step."""
