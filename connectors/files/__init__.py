"""Connectors that read a file a person hands over."""
