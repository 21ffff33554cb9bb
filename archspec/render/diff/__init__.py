"""What changes from one network to another, as tables and as plain data."""
