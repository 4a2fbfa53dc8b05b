"""The rules of an episode: when it ends, what counts as success, what is shown."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from . import catalogue, channels, world
from .cameras import Cameras

_OPENNESS = 3
"""Where MetaWorld's own observation has the distance between the fingers."""


@dataclass(frozen=True)
class Outcome:
    """What one step led to."""

    reward: float
    done: bool
    success: bool


class Episode:
    """One rollout in one environment. It ends at its first success, at the step limit, or when the physics break down.

    `native` is MetaWorld's own observation, with object and goal in it. It never leaves the process: only the scripted
    experts of the tests read it.
    """

    def __init__(self, environment: str, seed: int, cameras: Cameras | None) -> None:
        self._task = catalogue.TASKS[environment]
        self._cameras = cameras
        self._env, self.native = world.build(self._task, seed)
        self._steps = 0
        self.done = False

    def step(self, action: dict[str, Any]) -> Outcome:
        """Applies a miner's action for one control step, 12.5 ms. One that does not fit raises BadAction first."""
        native_action = channels.native_action(action)
        self.native, reward, _, _, info = self._env.step(native_action)
        self._steps += 1
        broken = world.is_unstable(self._env) or not np.isfinite(reward)
        success = bool(info["success"]) and not broken
        # MuJoCo restarts an unstable simulation: nothing after it counts. A failure, not an error: actions caused it.
        self.done = success or broken or self._steps >= catalogue.MAX_STEPS
        return Outcome(0.0 if broken else float(reward), self.done, success)

    def observation(self) -> dict[str, Any]:
        """Shows what a miner may see: never the seed, the object's pose or the goal, except as pixels."""
        model, data = self._env.model, self._env.data
        return {
            "rgb": self._cameras.take(self._task, model, data) if self._cameras else {},
            "depth": {},
            "proprio": channels.proprioception(model, data, float(self.native[_OPENNESS])),
            "cam_intrinsics": {},
            "cam_extrinsics": {},
            "extra": {},
        }
