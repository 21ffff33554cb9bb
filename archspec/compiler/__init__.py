"""Network to nn.Module: containers that follow the tree, initialisation, weights in and out."""
