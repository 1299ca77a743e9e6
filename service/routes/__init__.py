"""FastAPI's routes, loaded with the first request for one of them."""
