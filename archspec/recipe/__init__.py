"""Recipes: how a network is trained and tested, as YAML. What is written is read and checked here, without torch; the names
of torch and torchvision that a recipe holds are looked up in `archspec.training`.
"""
