"""The ASGI app: every request, its id, who answers it, and its problem if none can."""
