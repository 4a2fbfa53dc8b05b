"""The same environment, seed and actions give the same bytes, whatever ran before."""

import hashlib
import unittest

import metaworld.env_dict
import msgpack
import mujoco
import numpy as np

from simulator import catalogue, world

from .client import Client, reset, step

STEPS = 30


def rollout(client: Client, environment: str, seed: int, images: bool = True, steps: int = STEPS) -> str:
    """Plays an episode of random actions. Returns a hash of everything that was answered, pictures included."""
    rng = np.random.default_rng([seed, 7])
    replies = [reset(client, environment, seed, images=images)]
    for _ in range(steps):
        twist = rng.uniform(-1, 1, 6) + [0, 0, -0.3, 0, 0, 0]  # downwards on the whole: contacts are what diverges
        replies.append(step(client, ee_twist=twist.tolist(), gripper=[rng.uniform()]))
        if replies[-1].get("done", True):
            break
    return hashlib.sha256(msgpack.packb(replies)).hexdigest()


def model_bytes(model: mujoco.MjModel) -> bytes:
    buffer = np.empty(mujoco.mj_sizeModel(model), dtype=np.uint8)
    mujoco.mj_saveModel(model, None, buffer)
    return buffer.tobytes()


class Reproducible(unittest.TestCase):
    @classmethod
    def tearDownClass(cls) -> None:
        world.compiled.cache_clear()  # the tests and their simulators share the container's memory

    def test_an_episode_is_the_same_bit_for_bit_whatever_ran_before_it(self) -> None:
        environments = list(catalogue.TASKS)
        with Client() as fresh:
            expected = {name: rollout(fresh, name, 11) for name in environments}
        self.assertEqual(len(set(expected.values())), len(environments))
        with Client() as used:
            for name in reversed(environments):
                with self.subTest(name):
                    rollout(used, name, 99, images=False, steps=80)  # same task, other seed
                    rollout(used, environments[environments.index(name) - 1], 98, steps=5)  # other task, left half-way
                    self.assertEqual(rollout(used, name, 11), expected[name], "after other episodes")
                    self.assertEqual(rollout(used, name, 11), expected[name], "after itself")

    def test_another_seed_is_another_episode(self) -> None:
        with Client() as client:
            for name in catalogue.TASKS:
                hashes = {rollout(client, name, seed, images=False, steps=3) for seed in (0, 1, 2, 2**63 - 1)}
                self.assertEqual(len(hashes), 4, name)

    def test_physics_are_scaled_from_pristine_values_and_never_drift(self) -> None:
        for task in catalogue.TASKS.values():
            with self.subTest(task):
                before = model_bytes(world.compiled(task))
                scales = []
                for seed in [3, *range(20), 3]:
                    env, _ = world.build(task, seed)
                    env.step(np.zeros(4))
                    scales.append(self.scale_of(env.model, world.compiled(task)))
                self.assertEqual(model_bytes(world.compiled(task)), before)
                self.assertEqual(scales[0], scales[-1])
                friction, damping = np.array(scales).T
                self.assertTrue(0.8 <= friction.min() < 0.9 and 1.1 < friction.max() <= 1.2, friction)
                self.assertTrue(0.9 <= damping.min() < 0.95 and 1.05 < damping.max() <= 1.1, damping)

    def scale_of(self, model: mujoco.MjModel, pristine: mujoco.MjModel) -> tuple[float, float]:
        """Recovers the two factors, which must be the same for every geom and joint."""
        scales = []
        for field in ("geom_friction", "dof_damping"):
            old, new = getattr(pristine, field), getattr(model, field)
            ratios = new[old != 0] / old[old != 0]
            self.assertLess(np.ptp(ratios), 1e-12)
            scales.append(float(np.median(ratios)))
        return scales[0], scales[1]

    def test_layouts_come_from_metaworlds_reset_space_and_are_applied(self) -> None:
        for task in catalogue.TASKS.values():
            with self.subTest(task):
                space = metaworld.env_dict.ALL_V3_ENVIRONMENTS[task]()._random_reset_space
                layouts = []
                for seed in range(20):
                    env, native = world.build(task, seed)
                    layouts.append(env._last_rand_vec)
                    self.assertTrue(np.all(layouts[-1] >= space.low) and np.all(layouts[-1] <= space.high))
                    np.testing.assert_allclose(native[-3:], env._target_pos)
                varied = space.high - space.low > 1e-9
                self.assertTrue(np.all(np.ptp(layouts, axis=0)[varied] > 0.6 * (space.high - space.low)[varied]))
