"""A Google Cloud Storage server for a classroom, whose objects are files in a folder.

It imports nothing of this project's other packages. Clients are gcsfs (DVC's), Google's own
libraries and a browser.
"""
