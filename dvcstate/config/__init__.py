"""DVC's config files: what they say, and what DVC accepts in them."""
