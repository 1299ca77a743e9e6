"""The md5 of files and folders, of what DVC's cache holds, and what was hashed before."""
