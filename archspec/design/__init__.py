"""What changes from one network to another, and designs over many of them. Never imports torch."""
