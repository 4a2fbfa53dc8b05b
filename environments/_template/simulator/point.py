"""The world: a point in a box has to come within 5 cm of a goal. This is the file that a new family writes anew."""

import math
import random
from typing import Any

CHANNELS = {"ee_twist": 6, "gripper": 1}
"""MetaWorld's action channels, so that any miner's mock can play. Rotation and gripper do nothing here."""

REACH_METRES = 0.05
STRIDE_METRES = 0.05
PICTURE = 32


class BadAction(Exception):
    """The action does not fit: the miner's fault."""


class Point:
    """One layout of the world. Everything in it comes from the seed."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        self._goal = [rng.uniform(-0.9, 0.9) for _ in range(3)]
        # Mirrored, so that it never starts on its goal.
        self._position = [math.copysign(rng.uniform(0.2, 0.9), -at) for at in self._goal]

    def step(self, action: dict[str, Any]) -> tuple[float, bool]:
        """Moves by at most 5 cm along each axis. Returns the reward (minus the distance left) and the success."""
        twist = _twist(action)
        moved = [at + STRIDE_METRES * by for at, by in zip(self._position, twist)]
        self._position = [min(max(at, -1.0), 1.0) for at in moved]
        distance = math.dist(self._position, self._goal)
        return -distance, distance <= REACH_METRES

    def proprioception(self) -> dict[str, list[float]]:
        """Shows where the point and its goal are, in metres."""
        return {"ee_pos": list(self._position), "goal": list(self._goal)}

    def picture(self) -> dict[str, Any]:
        """Draws the box from above: the goal green, the point red."""
        pixels = bytearray(b"\x80" * (PICTURE * PICTURE * 3))
        for (x, y, _), colour in ((self._goal, b"\x00\xff\x00"), (self._position, b"\xff\x00\x00")):
            column, row = (min(int((at + 1.0) / 2.0 * PICTURE), PICTURE - 1) for at in (x, -y))
            start = (row * PICTURE + column) * 3
            pixels[start : start + 3] = colour
        return {"data": bytes(pixels), "shape": [PICTURE, PICTURE, 3], "dtype": "uint8"}


def _twist(action: dict[str, Any]) -> list[float]:
    """Checks every channel and returns the translation, each axis clipped to ±1."""
    continuous = action.get("continuous", {})
    if not isinstance(continuous, dict) or action.get("discrete"):
        raise BadAction("only continuous channels are known here")
    for name, values in continuous.items():
        if not isinstance(values, list) or len(values) != CHANNELS.get(name):
            raise BadAction(f"channel {name!r:.80} is unknown or has a wrong length")
        if not all(type(value) in (int, float) and math.isfinite(value) for value in values):
            raise BadAction(f"channel {name!r:.80} holds something that is not a finite number")
    return [min(max(float(value), -1.0), 1.0) for value in continuous.get("ee_twist", [0.0] * 6)[:3]]
