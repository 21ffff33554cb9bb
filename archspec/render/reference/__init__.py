"""What ops, blocks and shipped specs are: what `archspec list` and `archspec show` print, and the pages in `docs`."""
