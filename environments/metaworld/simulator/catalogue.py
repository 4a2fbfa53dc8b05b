"""What this family offers, as `family.toml` says it: the executor reads the same file."""

import tomllib
from pathlib import Path

with (Path(__file__).resolve().parent.parent / "family.toml").open("rb") as _file:
    _FAMILY = tomllib.load(_file)

NAME: str = _FAMILY["name"]

MAX_STEPS: int = _FAMILY["max_steps"]
"""Steps after which an episode ends without success."""

TASKS: dict[str, str] = {entry["id"]: entry["task"] for entry in _FAMILY["environments"]}
"""Environment id -> MetaWorld's name of the task, in the family's order."""
