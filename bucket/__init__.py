"""A Google Cloud Storage server for a room: its objects are files in a folder."""
