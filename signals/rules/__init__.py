"""Dated legal rules and thresholds, as values with their sources."""
