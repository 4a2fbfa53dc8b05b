"""What a miner sends and sees: the named channels, their sizes and units. README.md has the table."""

import math
from typing import Any

import mujoco
import numpy as np

ACTION_SIZES = {"ee_twist": 6, "gripper": 1}


class BadAction(Exception):
    """The action does not fit this family: the miner's fault."""


def native_action(action: dict[str, Any]) -> np.ndarray:
    """Turns a miner's action into MetaWorld's four numbers, each in ±1: hand displacement (x, y, z), gripper effort."""
    if action.get("discrete"):
        raise BadAction("this family has no discrete channels")
    continuous = action.get("continuous") or {}
    unknown = sorted(set(continuous) - set(ACTION_SIZES))
    if unknown:
        raise BadAction(f"unknown channel {unknown[0]!r:.80}, known are {', '.join(ACTION_SIZES)}")
    twist = np.clip(_channel(continuous, "ee_twist"), -1.0, 1.0)
    gripper = np.clip(_channel(continuous, "gripper"), 0.0, 1.0)
    return np.concatenate([twist[:3], gripper * 2.0 - 1.0])


def _channel(continuous: dict[str, Any], name: str) -> np.ndarray:
    """Reads one channel. A missing one is all zeros."""
    size = ACTION_SIZES[name]
    values = continuous.get(name)
    if values is None:
        return np.zeros(size)
    if not isinstance(values, list) or len(values) != size:
        raise BadAction(f"channel {name!r} is not a list of {size} numbers")
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise BadAction(f"channel {name!r} holds {value!r:.40}, which is not a finite number")
    return np.array(values, dtype=np.float64)


def proprioception(model: mujoco.MjModel, data: mujoco.MjData, openness: float) -> dict[str, list[float]]:
    """Reads the arm's own senses. `openness` is MetaWorld's finger distance, 0 (closed) to 1 (10 cm)."""
    hand = data.body("hand")
    w, x, y, z = hand.xquat.tolist()
    velocity = np.zeros(6)  # angular, then linear, in world axes
    mujoco.mj_objectVelocity(model, data, mujoco.mjtObj.mjOBJ_BODY, hand.id, velocity, 0)
    return {
        "ee_pos": hand.xpos.tolist(),
        "ee_quat": [x, y, z, w],
        "ee_vel_lin": velocity[3:].tolist(),
        "ee_vel_ang": velocity[:3].tolist(),
        "gripper": [min(max((openness + 1.0) / 2.0, 0.0), 1.0)],
    }
