"""The wire: frames, replies, faults and ends, against a real process."""

import sys
import unittest

from simulator import catalogue

from .client import Client, reset, step

REACH = "metaworld/reach-v3"

# The simulator, with libraries that print: from Python, from C, from a child process.
NOISY = """
import os, sys, simulator.__main__ as main
from simulator.server import Server
quiet = Server.answer
def noisy(self, request):
    print("noise", flush=True); os.write(1, b"noise"); os.system("echo noise")
    return quiet(self, request)
Server.answer = noisy
sys.exit(main.serve(sys.stdin.buffer, main.FRAMES_OUT))
"""


class Protocol(unittest.TestCase):
    def assert_refused(self, reply: dict, kind: str) -> None:
        self.assertEqual((reply["type"], reply.get("kind")), ("error", kind), reply)
        self.assertNotIn("\n", reply["message"])

    def test_hello_names_the_family_and_its_environments_in_order(self) -> None:
        with Client() as client:
            reply = client.ask(type="hello", version=1)
        self.assertEqual(reply["family"], "metaworld")
        self.assertEqual(reply["version"], 1)
        self.assertEqual(reply["environments"], list(catalogue.TASKS))
        self.assertEqual(len(reply["environments"]), 8)

    def test_every_fault_is_answered_by_its_kind_and_serving_goes_on(self) -> None:
        with Client() as client:
            self.assert_refused(step(client), "request")  # before reset
            self.assert_refused(client.ask(type="hello", version=2), "request")
            self.assert_refused(client.ask(type="dance"), "request")
            self.assert_refused(client.ask(), "request")
            self.assert_refused(client.ask(type="reset", environment=REACH, seed=1), "request")
            for seed in (-1, 2**63, 1.0, True, None):
                self.assert_refused(client.ask(type="reset", environment=REACH, seed=seed, images=False), "request")
            for environment in ("metaworld/none-v3", "reach-v3", ""):
                request = {"type": "reset", "environment": environment, "seed": 1, "images": False}
                self.assert_refused(client.ask(**request), "environment")
            self.assert_refused(client.ask_raw(b"\xc1"), "request")
            self.assert_refused(client.ask_raw(b""), "request")
            self.assert_refused(client.ask_raw(b"\x93\x01\x02\x03"), "request")
            self.assert_refused(client.ask_raw(b"\x81\x01\x02"), "request")
            self.assert_refused(client.ask_raw(b"\x91" * 100_000), "request")
            reset(client, REACH, 1)
            self.assert_refused(client.ask(type="step"), "request")
            self.assert_refused(client.ask(type="step", action={"continuous": [0.0]}), "request")
            self.assertEqual(step(client)["type"], "step")

    def test_a_bad_action_is_the_miners_fault_and_changes_nothing(self) -> None:
        bad = [
            {"ee_twist": [0.0] * 5},
            {"ee_twist": [0.0] * 7},
            {"ee_twist": []},
            {"ee_twist": 1.0},
            {"ee_twist": ["1"] * 6},
            {"ee_twist": [True] * 6},
            {"ee_twist": [[0.0]] * 6},
            {"ee_twist": [0.0] * 5 + [float("nan")]},
            {"gripper": [float("inf")]},
            {"gripper": [0.0, 0.0]},
            {"joint_pos": [0.0]},
            {"ee_twist": [0.0] * 6, "speed": [1.0]},
        ]
        with Client() as client:
            reset(client, REACH, 5)
            expected = [step(client, ee_twist=[0.3] * 6) for _ in range(3)]
            reset(client, REACH, 5)
            seen = []
            for _ in range(3):
                for action in bad:
                    self.assert_refused(step(client, **action), "action")
                discrete = {"continuous": {}, "discrete": {"gripper": 1}, "extra": {}}
                self.assert_refused(client.ask(type="step", action=discrete), "action")
                seen.append(step(client, ee_twist=[0.3] * 6))
        self.assertEqual(seen, expected)

    def test_done_comes_at_the_step_limit_and_a_step_after_it_is_refused(self) -> None:
        with Client() as client:
            reset(client, "metaworld/push-v3", 1)
            for number in range(1, catalogue.MAX_STEPS + 1):
                reply = step(client)
                self.assertEqual(reply["done"], number == catalogue.MAX_STEPS)
                self.assertFalse(reply["success"])
            self.assert_refused(step(client), "request")
            reset(client, "metaworld/push-v3", 1)
            self.assertFalse(step(client)["done"])

    def test_standard_output_carries_frames_and_nothing_else(self) -> None:
        with Client([sys.executable, "-c", NOISY]) as client:
            self.assertEqual(client.ask(type="hello", version=1)["type"], "hello")
            reset(client, REACH, 1, images=True)
            self.assertEqual(step(client)["type"], "step")
            self.assertEqual(client.end(), (0, b""))

    def test_the_end_of_input_and_close_exit_with_0(self) -> None:
        close = b"\x81\xa4type\xa5close"
        for last in (b"", len(close).to_bytes(4, "big") + close):
            with Client() as client:
                reset(client, REACH, 1, images=True)
                client.send(last)
                self.assertEqual(client.end(), (0, b""))

    def test_a_broken_stream_exits_with_1(self) -> None:
        for data in (b"\x00\x00", b"\x00\x00\x00\x05\x81", b"\xff\xff\xff\xff", b"\x01\x00\x00\x01"):
            with Client() as client:
                client.send(data)
                self.assertEqual(client.end(), (1, b""))
