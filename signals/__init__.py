"""Signals read a company's books and answer whether its back office has passed the threshold."""
