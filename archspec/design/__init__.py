"""What a spec could be: differences, scaling, sweeps, spaces, search. Numbers come from the closed form, never from torch."""
