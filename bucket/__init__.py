"""A Google Cloud Storage server for a classroom, whose objects are files in a folder."""
