"""Checks the files beside it with nothing but Python's own hashes: digests, seeds, lines and signatures.

    python3 check.py [evidence.jsonl document.json signatures.txt]
"""

import hashlib
import hmac
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def add(a, b):
    """Adds two points of the curve, in extended coordinates (RFC 8032, section 5.1.4)."""
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g = 2 * a[3] * b[3] * D % P
    h = 2 * a[2] * b[2] % P
    x, y, z, t = f - e, h - g, h + g, f + e
    return x * y % P, z * t % P, y * z % P, x * t % P


def times(scalar, point):
    total = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point = add(point, point)
        scalar >>= 1
    return total


def point(y, sign):
    """The point with that y, and x of that parity (section 5.1.3)."""
    assert y < P
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    assert x * x % P == square and (x or not sign)
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def decoded(text):
    number = int.from_bytes(text, "little")
    return point(number & (2**255 - 1), number >> 255)


def encoded(p):
    inverse = pow(p[2], P - 2, P)
    x, y = p[0] * inverse % P, p[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = point(4 * pow(5, P - 2, P) % P, 0)


def verifies(public, message, signature):
    """RFC 8032, section 5.1.7."""
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    assert s < ORDER
    k = int.from_bytes(hashlib.sha512(r + public + message).digest(), "little")
    return encoded(times(s, BASE)) == encoded(add(decoded(r), times(k, decoded(public))))


def seed(secret, environment, episode):
    info = b"kinitro seed v1\0" + environment.encode() + b"\0" + episode.to_bytes(4, "big")
    key = hmac.digest(bytes(32), secret, "sha256")
    return int.from_bytes(hmac.digest(key, info + b"\1", "sha256")[:8], "big") & (2**63 - 1)


def main(evidence, document, signatures):
    evidence, document = pathlib.Path(evidence).read_bytes(), pathlib.Path(document).read_bytes()
    said = json.loads(document)
    assert said["schema"] == "kinitro.weights.v1"
    assert said["evidence_sha256"] == hashlib.sha256(evidence).hexdigest()
    lines = [json.loads(line) for line in evidence.decode().splitlines()]
    cycle, rest = lines[0], lines[1:]
    assert (cycle["kind"], cycle["schema"]) == ("cycle", "kinitro.evidence.v1")
    assert hashlib.sha256(bytes.fromhex(cycle["secret"])).hexdigest() == cycle["secret_hash"] == said["secret_hash"]
    miners, episodes = rest[: cycle["miners"]], rest[cycle["miners"] :]
    assert all(miner["kind"] == "miner" for miner in miners)
    uids = [miner["uid"] for miner in miners]
    assert uids == sorted(set(uids)) == [miner["uid"] for miner in said["miners"]]
    expected = [
        (uid, environment, episode)
        for uid in uids
        for environment in cycle["environments"]
        for episode in range(cycle["episodes_per_environment"])
    ]
    assert expected == [(line["uid"], line["environment"], line["episode"]) for line in episodes]
    secret = bytes.fromhex(cycle["secret"])
    for line in episodes:
        assert line["kind"] in ("result", "missing")
        assert line["seed"] == seed(secret, line["environment"], line["episode"]), line
    assert abs(sum(miner["weight"] for miner in said["miners"]) - 1) < 1e-9
    for line in pathlib.Path(signatures).read_text().splitlines():
        key_id, public, signature = line.split(" ")
        assert key_id == hashlib.sha256(bytes.fromhex(public)).hexdigest()[:16]
        assert verifies(bytes.fromhex(public), document, bytes.fromhex(signature))
        assert not verifies(bytes.fromhex(public), document + b"\n", bytes.fromhex(signature))
    print(f"cycle {cycle['cycle']}: {len(lines)} lines, {len(uids)} miners: digests, seeds, order and signatures hold")


if __name__ == "__main__":
    main(*(sys.argv[1:] or [HERE / name for name in ("evidence.jsonl", "document.json", "signatures.txt")]))
