"""The API: one router a room."""
