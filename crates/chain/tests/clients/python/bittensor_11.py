"""bittensor 11: the SDK rewritten over a core in Rust. `steps.py` says how it is driven."""

import sys
from types import SimpleNamespace

from steps import serve

import bittensor as bt
from bittensor.sp_core import Keypair

URL, FOLDER = sys.argv[1:3]
chain = None


def wallet(key):
    pair = Keypair.create_from_uri(key)
    return SimpleNamespace(hotkey=pair, hotkeypub=pair, coldkey=pair, coldkeypub=pair)


def connect():
    global chain
    chain = bt.Subtensor(URL)
    return {"version": bt.__version__, "block": chain.block}


def receipt(result):
    result.raise_for_failure()
    return {"extrinsic": result.extrinsic_id, "data": {k: str(v) for k, v in result.data.items()}}


def metagraph(netuid):
    graph = chain.subnets.metagraph(netuid)
    return {
        "n": len(graph),
        "hotkeys": graph.hotkeys,
        "permits": [n.validator_permit for n in graph],
        "commitments": {uid: c.value for uid, c in graph.commitments.items()},
        "block": graph.block,
    }


def commit(netuid, key, text):
    """There is no call for it: the SDK's users compose one."""
    data = text.encode()
    call = bt.calls.Commitments.set_commitment(netuid=netuid, info={"fields": [{f"Raw{len(data)}": data}]})
    return receipt(chain.submit_call(call, wallet(key), signer="hotkey"))


def set_weights(netuid, key, uids, weights, version_key=0):
    return receipt(
        bt.set_weights(netuid, weights, uids=uids, wallet=wallet(key), version_key=version_key, network=URL, retries=0)
    )


def send_weights(netuid, key, uids, weights):
    """Without the SDK's own look at the rate limit."""
    call = bt.calls.SubtensorModule.set_mechanism_weights(
        netuid=netuid, mecid=0, dests=uids, weights=weights, version_key=0
    )
    return receipt(chain.submit_call(call, wallet(key), signer="hotkey"))


def new_wallet(name):
    """A wallet with a hotkey of its own mnemonic, as `btcli` makes one."""
    made = bt.Wallet(name, "default", FOLDER)
    key = made.create_new_hotkey(use_password=False, suppress=True).hotkey
    return {"hotkey": key.ss58_address, "public_key": bytes(key.public_key).hex()}


serve(
    {
        "connect": connect,
        "head": lambda: {"block": chain.block, "finalized": chain.finalized_block, "spec": chain.spec_version},
        "neurons": lambda netuid: [
            {"uid": n.uid, "hotkey": n.hotkey, "permit": n.validator_permit, "last_update": n.last_update}
            for n in chain.neurons.all(netuid)
        ],
        "metagraph": metagraph,
        "commitments": lambda netuid: {h: c.value for h, c in chain.subnets.commitments(netuid).items()},
        "commit": commit,
        "weights": lambda netuid: chain.weights.weights(netuid),
        "set_weights": set_weights,
        "send_weights": send_weights,
        "timelocked": lambda netuid: chain.weights.timelocked_weight_commits(netuid),
        "new_wallet": new_wallet,
    }
)
