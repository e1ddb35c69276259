"""Launched processes that train one network together."""
