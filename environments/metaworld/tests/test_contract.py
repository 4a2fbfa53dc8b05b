"""What a miner sees and what its actions do, in every environment."""

import math
import unittest

import numpy as np

from simulator import catalogue
from simulator.channels import native_action

from .client import Client, reset, step

PROPRIO = {"ee_pos": 3, "ee_quat": 4, "ee_vel_lin": 3, "ee_vel_ang": 3, "gripper": 1}
KEYS = {"rgb", "depth", "proprio", "cam_intrinsics", "cam_extrinsics", "extra"}


def pixels(observation: dict, camera: str) -> np.ndarray:
    image = observation["rgb"][camera]
    return np.frombuffer(image["data"], dtype=image["dtype"]).reshape(image["shape"])


class Observations(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.client = Client()
        cls.addClassCleanup(cls.client.__exit__)

    def assert_proprio(self, observation: dict) -> None:
        self.assertEqual(set(observation), KEYS)
        self.assertEqual({name: len(values) for name, values in observation["proprio"].items()}, PROPRIO)
        for values in observation["proprio"].values():
            self.assertTrue(all(type(value) is float and math.isfinite(value) for value in values))
        self.assertTrue(0.0 <= observation["proprio"]["gripper"][0] <= 1.0)
        self.assertAlmostEqual(np.linalg.norm(observation["proprio"]["ee_quat"]), 1.0, places=9)
        for empty in KEYS - {"rgb", "proprio"}:
            self.assertEqual(observation[empty], {})

    def test_every_environment_shows_two_pictures_and_five_senses(self) -> None:
        for environment in catalogue.TASKS:
            with self.subTest(environment):
                first = reset(self.client, environment, 1, images=True)
                then = step(self.client, ee_twist=[1.0] * 6)
                self.assertIsInstance(then["reward"], float)
                for observation in (first, then["observation"]):
                    self.assert_proprio(observation)
                    self.assertEqual(list(observation["rgb"]), ["corner", "corner2"])
                    for camera in observation["rgb"]:
                        image = observation["rgb"][camera]
                        self.assertEqual(set(image), {"data", "shape", "dtype"})
                        self.assertEqual((image["shape"], image["dtype"]), ([84, 84, 3], "uint8"))
                        self.assertGreater(pixels(observation, camera).std(), 20.0)
                self.assertNotEqual(first["rgb"]["corner"]["data"], then["observation"]["rgb"]["corner"]["data"])

    def test_without_images_there_are_none_and_the_rest_is_the_same(self) -> None:
        for environment in catalogue.TASKS:
            with self.subTest(environment):
                seen = []
                for images in (True, False):
                    observations = [reset(self.client, environment, 2, images=images)]
                    observations += [step(self.client, ee_twist=[0.5] * 6)["observation"] for _ in range(3)]
                    self.assertTrue(all(bool(each["rgb"]) is images for each in observations))
                    seen.append([each["proprio"] for each in observations])
                self.assertEqual(*seen)

    def test_pictures_have_the_sky_on_top(self) -> None:
        observation = reset(self.client, "metaworld/pick-place-v3", 1, images=True)
        for camera in ("corner", "corner2"):
            picture = pixels(observation, camera).astype(int)
            self.assertLess(picture[0, 42:].std(axis=0).max(), 3.0, "the top row is one colour")
            self.assertGreater(picture[-1].std(axis=0).max(), 20.0, "the bottom row is not")

    def test_the_hands_pose_and_velocities_are_the_real_ones(self) -> None:
        start = reset(self.client, "metaworld/reach-v3", 1)["proprio"]
        self.assertLess(abs(start["ee_quat"][3]), 0.9, "the hand points down: this is no identity")
        angular = []
        for _ in range(20):
            moved = step(self.client, ee_twist=[0.0, 1.0, 0.0, 0.0, 0.0, 0.0])["observation"]["proprio"]
            angular.append(np.linalg.norm(moved["ee_vel_ang"]))
        self.assertGreater(moved["ee_vel_lin"][1], 0.1, "metres per second along y")
        self.assertGreater(moved["ee_pos"][1] - start["ee_pos"][1], 0.05)
        self.assertGreater(max(angular), 1e-3)


class Actions(unittest.TestCase):
    def test_channels_become_displacement_and_effort(self) -> None:
        def native(**continuous: list[float]) -> list[float]:
            return native_action({"continuous": continuous}).tolist()

        self.assertEqual(native(), [0.0, 0.0, 0.0, -1.0])
        self.assertEqual(native(ee_twist=[0.1, 0.2, 0.3, 9.0, 9.0, 9.0]), [0.1, 0.2, 0.3, -1.0])
        self.assertEqual(native(ee_twist=[-7, 7, 1, 0, 0, 0], gripper=[7]), [-1.0, 1.0, 1.0, 1.0])
        self.assertEqual(native(gripper=[-7.0]), [0.0, 0.0, 0.0, -1.0])
        self.assertEqual(native(gripper=[0.5]), [0.0, 0.0, 0.0, 0.0])

    def test_the_gripper_closes_at_1_and_opens_at_0(self) -> None:
        with Client() as client:
            reset(client, "metaworld/reach-v3", 3)
            readings = {}
            for command in (1.0, 0.0):
                for _ in range(40):
                    reply = step(client, gripper=[command])
                readings[command] = reply["observation"]["proprio"]["gripper"][0]
        self.assertGreater(readings[0.0] - readings[1.0], 0.2)
