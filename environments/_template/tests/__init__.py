"""Run with `python3 -m unittest` from the family's folder, on the host or in the image."""
