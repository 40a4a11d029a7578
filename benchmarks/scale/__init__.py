"""What an assessment costs at size."""
