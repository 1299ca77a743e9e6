"""What is known of the addresses of remotes: nothing here registers a check, or makes a step."""
