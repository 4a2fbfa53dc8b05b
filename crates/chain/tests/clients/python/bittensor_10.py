"""bittensor 10: the SDK that most validators and miners run. `steps.py` says how it is driven."""

import os
import sys

from steps import Rejected, serve

import bittensor as bt
from bittensor.core.extrinsics.weights import set_weights_extrinsic
from bittensor_wallet import Keypair

URL, FOLDER = sys.argv[1:3]
chain = None


def wallet(key):
    """A wallet in a folder, as the SDK wants it, whose hotkey is the key of this URI."""
    made = bt.Wallet(name="client", hotkey=key.strip("/"), path=FOLDER)
    if not os.path.exists(made.hotkey_file.path):
        made.set_hotkey(Keypair.create_from_uri(key), encrypt=False, overwrite=True)
    return made


def connect():
    global chain
    chain = bt.Subtensor(network=URL)
    return {"version": bt.__version__, "block": chain.block}


def checked(answer):
    """The receipt of a transaction, or an error with all that the SDK says."""
    if not answer.success:
        raise Rejected(f"{answer.message} {answer.error!r}")
    receipt = answer.extrinsic_receipt.get_extrinsic_identifier()
    return {"extrinsic": receipt, "data": {name: str(value) for name, value in (answer.data or {}).items()}}


def neurons(netuid):
    return [
        {"uid": n.uid, "hotkey": n.hotkey, "permit": n.validator_permit, "last_update": n.last_update}
        for n in chain.neurons_lite(netuid)
    ]


def metagraph(netuid):
    graph = chain.metagraph(netuid, lite=False)
    return {
        "n": int(graph.n),
        "hotkeys": graph.hotkeys,
        "permits": [bool(p) for p in graph.validator_permit],
        "weights": graph.weights.tolist(),
        "block": int(graph.block),
    }


def set_weights(netuid, key, uids, weights, version_key=0):
    answer = chain.set_weights(wallet(key), netuid, uids, weights, version_key=version_key, max_attempts=1)
    return checked(answer)


def send_weights(netuid, key, uids, weights):
    """Without the SDK's own look at the rate limit, after which it would send nothing and say nothing."""
    return checked(set_weights_extrinsic(chain, wallet(key), netuid, 0, uids, weights, version_key=0, period=64))


def new_wallet(name):
    """A wallet with a hotkey of its own mnemonic, as `btcli` makes one."""
    made = bt.Wallet(name=name, hotkey="default", path=FOLDER)
    key = made.create_new_hotkey(use_password=False, suppress=True).hotkey
    return {"hotkey": key.ss58_address, "public_key": bytes(key.public_key).hex()}


serve(
    {
        "connect": connect,
        "head": lambda: {"block": chain.block, "hash": chain.get_block_hash(chain.block)},
        "neurons": neurons,
        "metagraph": metagraph,
        "commitments": lambda netuid: chain.get_all_commitments(netuid),
        "commitment": lambda netuid, uid: chain.get_commitment(netuid, uid),
        "commit": lambda netuid, key, text: checked(chain.set_commitment(wallet(key), netuid, text)),
        "weights": lambda netuid: {uid: row for uid, row in chain.weights(netuid)},
        "set_weights": set_weights,
        "send_weights": send_weights,
        "timelocked": lambda netuid: chain.get_timelocked_weight_commits(netuid),
        "new_wallet": new_wallet,
    }
)
