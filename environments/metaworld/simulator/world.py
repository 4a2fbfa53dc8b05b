"""One MetaWorld task with one layout: everything in it comes from the task's name and the seed.

MetaWorld keeps state between episodes: bodies stay where the last layout put them while the arm is brought to its
start, `init_tcp` and a dozen other attributes linger, MuJoCo warm-starts its solver. So nothing is reused: each world is
a new environment on a new copy of the compiled model (4-15 ms; compiling takes 130-190 ms, once per task).
"""

import copy
from functools import lru_cache

import mujoco
import numpy as np
from metaworld.env_dict import ALL_V3_ENVIRONMENTS
from metaworld.sawyer_xyz_env import SawyerXYZEnv

FRICTION_SCALE = (0.8, 1.2)
DAMPING_SCALE = (0.9, 1.1)

_UNSTABLE = (mujoco.mjtWarning.mjWARN_BADQPOS, mujoco.mjtWarning.mjWARN_BADQVEL, mujoco.mjtWarning.mjWARN_BADQACC)


@lru_cache(maxsize=None)
def compiled(task: str) -> mujoco.MjModel:
    """The task's model as its XML says. Shared: copy it before changing anything."""
    # `model_name` is a property that reads nothing of its object, and there is no object yet.
    path = ALL_V3_ENVIRONMENTS[task].model_name.fget(None)
    return mujoco.MjModel.from_xml_path(path)


@lru_cache(maxsize=None)
def _task_class(task: str) -> type[SawyerXYZEnv]:
    """MetaWorld's class for the task, starting from a copy of the compiled model instead of from XML."""

    def initialize(self: SawyerXYZEnv) -> tuple[mujoco.MjModel, mujoco.MjData]:
        model = copy.copy(compiled(task))
        return model, mujoco.MjData(model)

    return type("World", (ALL_V3_ENVIRONMENTS[task],), {"_initialize_simulation": initialize})


def build(task: str, seed: int) -> tuple[SawyerXYZEnv, np.ndarray]:
    """Builds the task laid out by the seed. Returns it with MetaWorld's own (privileged) first observation."""
    rng = np.random.default_rng(seed)
    env = _task_class(task)()
    env._set_task_called = True
    env._partially_observable = False
    del env.sawyer_observation_space  # cached for a hidden goal: MetaWorld would clip the goal to zero with it
    env.model.geom_friction *= rng.uniform(*FRICTION_SCALE)
    env.model.dof_damping *= rng.uniform(*DAMPING_SCALE)
    _draw_layout(env, rng)
    native, _ = env.reset()
    mujoco.mj_forward(env.model, env.data)  # some tasks move bodies last: pictures and poses must show them there
    return env, native


def _draw_layout(env: SawyerXYZEnv, rng: np.random.Generator) -> None:
    """Draws object and goal from MetaWorld's reset space, by its own rules (minimum distances), and keeps them."""
    env._freeze_rand_vec = False
    env.seeded_rand_vec = True
    env.np_random = rng
    env.reset_model()
    env._freeze_rand_vec = True


def is_unstable(env: SawyerXYZEnv) -> bool:
    """Whether MuJoCo had to give the simulation up since the reset (it then starts over by itself)."""
    return any(env.data.warning[kind].number > 0 for kind in _UNSTABLE)
