"""Numbers to text: terminal tables and JSON. Never imports torch."""
