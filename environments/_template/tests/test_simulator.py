"""What every family's tests should ask: the wire, the faults, the same episode twice, and that it can be solved."""

import subprocess
import unittest

from simulator import messagepack
from simulator.server import ENVIRONMENTS, FAMILY, WORLDS

from .client import Client

POINT = "template/point-v0"


def towards_goal(observation: dict) -> list[float]:
    """The expert: straight to the goal."""
    senses = observation["proprio"]
    return [20.0 * (goal - at) for goal, at in zip(senses["goal"], senses["ee_pos"])] + [0.0] * 3


def play(client: Client, environment: str, seed: int) -> list[dict]:
    """Plays an episode with the expert. Returns everything that was answered."""
    replies = [{"observation": client.reset(environment, seed, images=True), "done": False}]
    while not replies[-1]["done"]:
        replies.append(client.step(ee_twist=towards_goal(replies[-1]["observation"]), gripper=[0.0]))
    return replies


class Simulator(unittest.TestCase):
    def setUp(self) -> None:
        self.client = Client()
        self.addCleanup(self.client.__exit__)

    def assert_refused(self, reply: dict, kind: str) -> None:
        self.assertEqual((reply["type"], reply.get("kind")), ("error", kind), reply)

    def test_hello_names_what_family_toml_names_and_all_of_it_exists(self) -> None:
        reply = self.client.ask(type="hello", version=1)
        self.assertEqual((reply["version"], reply["family"]), (1, FAMILY["name"]))
        self.assertEqual(reply["environments"], ENVIRONMENTS)
        self.assertLessEqual(set(ENVIRONMENTS), set(WORLDS))

    def test_every_fault_is_answered_by_its_kind_and_serving_goes_on(self) -> None:
        self.assert_refused(self.client.step(), "request")
        self.assert_refused(self.client.ask(type="dance"), "request")
        self.assert_refused(self.client.ask(type="hello", version=2), "request")
        for body in (b"\xc1", b"", b"\x90", b"\x81\x90\x01", b"\x91" * 100_000, b"\xdf\xff\xff\xff\xff"):
            self.assert_refused(self.client.ask_raw(body), "request")
        for seed in (-1, 2**63, 1.0, True):
            request = {"type": "reset", "environment": POINT, "seed": seed, "images": False}
            self.assert_refused(self.client.ask(**request), "request")
        self.assert_refused(self.client.ask(type="reset", environment="none", seed=1, images=False), "environment")
        start = self.client.reset(POINT)
        nan = float("nan")
        for bad in ({"ee_twist": [0.0]}, {"speed": [1.0]}, {"ee_twist": [nan] * 6}, {"gripper": ["1"]}):
            self.assert_refused(self.client.step(**bad), "action")
        self.assertEqual(self.client.step()["observation"], start)

    def test_episodes_can_be_solved_and_are_the_same_whatever_ran_before(self) -> None:
        first = play(self.client, POINT, 1)
        for seed in range(2, 22):
            replies = play(self.client, POINT, seed)
            self.assertTrue(replies[-1]["success"], seed)
            self.assertFalse(any(reply["success"] for reply in replies[1:-1]))
        self.assertEqual(play(self.client, POINT, 1), first)
        self.assertNotEqual(replies, first)
        self.assert_refused(self.client.step(), "request")  # done

    def test_an_idle_policy_fails_at_the_step_limit(self) -> None:
        self.client.reset(POINT)
        replies = [self.client.step() for _ in range(FAMILY["max_steps"])]
        self.assertEqual([reply["done"] for reply in replies].index(True), FAMILY["max_steps"] - 1)
        self.assertFalse(replies[-1]["success"])

    def test_the_end_of_input_exits_with_0_and_a_broken_stream_with_1(self) -> None:
        for data, code in ((b"", 0), (b"\xff\xff\xff\xff", 1), (b"\x00\x00\x00\x05\x81", 1)):
            with Client() as client:
                client.process.stdin.write(data)
                client.process.stdin.close()
                self.assertEqual((client.process.stdout.read(), client.process.wait()), (b"", code))
                client.process.stdin = None

    def test_messagepack_gives_back_what_it_was_given(self) -> None:
        value = {"a": [None, True, False, 0, -1, 127, 2**64 - 1, -(2**63), 1.5], "ä": b"\x00" * 300, "": {"x": []}}
        self.assertEqual(messagepack.unpack(messagepack.pack(value)), value)
        short = b"\x83\xa1a\x92\x7f\xff\xa1b\xcd\x01\x00\xa1c\xca\x3f\x80\x00\x00"  # as other encoders write it
        self.assertEqual(messagepack.unpack(short), {"a": [127, -1], "b": 256, "c": 1.0})


class Faults(unittest.TestCase):
    """The worlds that go wrong do so, at their third step, and not in another way."""

    def third_step(self, name: str) -> Client:
        """Starts one, takes two good steps and asks for the third."""
        client = Client()
        self.addCleanup(client.__exit__)
        client.reset(f"template/{name}-v0")
        for _ in range(2):
            self.assertEqual(client.step()["type"], "step")
        client.send(messagepack.pack({"type": "step", "action": {}}))
        return client

    def test_crash_exits_with_137(self) -> None:
        self.assertEqual(self.third_step("crash").process.wait(), 137)

    def test_oom_is_killed(self) -> None:
        self.assertEqual(self.third_step("oom").process.wait(), -9)

    def test_garbage_announces_an_oversized_frame(self) -> None:
        self.assertEqual(self.third_step("garbage").process.stdout.read(4), b"\xff\xff\xff\xff")

    def test_hang_does_not_answer(self) -> None:
        with self.assertRaises(subprocess.TimeoutExpired):
            self.third_step("hang").process.wait(timeout=0.5)

    def test_flood_and_slow_go_on_to_the_end(self) -> None:
        for name in ("flood", "slow"):
            with Client() as client:
                self.assertTrue(play(client, f"template/{name}-v0", 1)[-1]["success"])


if __name__ == "__main__":
    unittest.main()
