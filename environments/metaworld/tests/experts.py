"""MetaWorld's scripted experts, acting as a miner would: through `ee_twist` and `gripper`.

They read MetaWorld's own observation, which tells where object and goal are. A miner does not get it.
"""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from metaworld.policies import ENV_POLICY_MAP

from simulator import catalogue, world
from simulator.episode import Episode


@dataclass
class Rollout:
    """What an expert did in one episode."""

    success: bool
    actions: list[dict[str, Any]]


def native_action(policy: Any, native: np.ndarray) -> np.ndarray:
    """Asks the expert. It may ask for more than ±1, which MetaWorld clips (and warns of)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return policy.get_action(native)


def miner_action(native: np.ndarray) -> dict[str, Any]:
    """Puts the expert's four numbers into the channels a miner has."""
    x, y, z, effort = native.astype(float).tolist()
    continuous = {"ee_twist": [x, y, z, 0.0, 0.0, 0.0], "gripper": [(effort + 1.0) / 2.0]}
    return {"continuous": continuous, "discrete": {}, "extra": {}}


def play(environment: str, seed: int) -> Rollout:
    """Plays an episode through the miner's action."""
    task = catalogue.TASKS[environment]
    policy = ENV_POLICY_MAP[task]()
    episode = Episode(environment, seed, cameras=None)
    actions = []
    while not episode.done:
        actions.append(miner_action(native_action(policy, episode.native)))
        outcome = episode.step(actions[-1])
    return Rollout(outcome.success, actions)


def play_natively(environment: str, seed: int) -> bool:
    """Plays the same instance with MetaWorld's own action, past the miner's. Returns whether it succeeded."""
    task = catalogue.TASKS[environment]
    policy = ENV_POLICY_MAP[task]()
    env, native = world.build(task, seed)
    for _ in range(catalogue.MAX_STEPS):
        native, _, _, _, info = env.step(native_action(policy, native))
        if info["success"]:
            return True
    return False
