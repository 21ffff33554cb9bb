"""Training and testing of networks by a recipe, on Lightning; the only part that imports torchvision and Lightning."""
