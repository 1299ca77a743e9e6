"""FastAPI's routes and their documentation, loaded with the first request for one of them."""
