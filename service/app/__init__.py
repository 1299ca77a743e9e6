"""The ASGI app: the start and the end, and each request with its id, its answer and its count."""
