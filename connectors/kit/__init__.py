"""A kit for the next connector: `python -m connectors.kit NAME` lays one down that works, to be made another's."""
