"""The files of a DVC project as plain data: YAML as DVC reads it, and its schemas."""
