"""Every task can be solved with what a miner may send: scripted experts do."""

import unittest

import numpy as np

from simulator import catalogue, world

from .client import Client, reset
from .experts import play, play_natively

SEEDS = range(20)
REQUIRED = 0.9


class Experts(unittest.TestCase):
    @classmethod
    def tearDownClass(cls) -> None:
        world.compiled.cache_clear()  # the tests and their simulators share the container's memory

    def test_experts_solve_nine_of_ten_episodes_and_no_fewer_than_natively(self) -> None:
        print(f"\n{'environment':<30} solved natively  steps (mean, max of solved)")
        for environment in catalogue.TASKS:
            rollouts = [play(environment, seed) for seed in SEEDS]
            natively = sum(play_natively(environment, seed) for seed in SEEDS)
            steps = [len(each.actions) for each in rollouts if each.success]
            solved = f"{len(steps):>3}/{len(SEEDS)} {natively:>6}/{len(SEEDS)}"
            print(f"{environment:<30} {solved}  {np.mean(steps):>6.1f} {max(steps):>4}")
            with self.subTest(environment):
                self.assertGreaterEqual(len(steps), natively)
                self.assertGreaterEqual(len(steps), REQUIRED * len(SEEDS))

    def test_the_same_actions_succeed_over_the_wire_and_end_the_episode(self) -> None:
        with Client() as client:
            for environment in catalogue.TASKS:
                with self.subTest(environment):
                    rollout = play(environment, 1)
                    reset(client, environment, 1)
                    replies = [client.ask(type="step", action=action) for action in rollout.actions]
                    self.assertTrue(rollout.success)
                    self.assertEqual([each["done"] for each in replies].index(True), len(replies) - 1)
                    self.assertEqual([each["success"] for each in replies].index(True), len(replies) - 1)
