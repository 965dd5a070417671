"""ASGI middleware for all requests: identity, origins, limits, headers."""
