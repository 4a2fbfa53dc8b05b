"""Run with `python -m unittest` from the family's folder, in the image or in a venv with requirements.txt."""
