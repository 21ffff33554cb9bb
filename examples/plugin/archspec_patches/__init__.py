"""An op and a block for archspec: images cut into patches."""
