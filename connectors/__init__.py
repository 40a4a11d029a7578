"""Connectors fetch records from a company's systems and files; they store nothing."""
