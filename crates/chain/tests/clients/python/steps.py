"""What the three clients share: a program that takes steps on its standard input and answers on its standard output.

A step is one line of JSON, `{"step": "commit", ...}`; its answer is one line: `{"ok": ...}`, or `{"error": text,
"kind": class}` for what the client library raised. Nothing else goes to standard output. The program ends when its
input does.
"""

import json
import os
import sys


def serve(steps):
    """Answers each line with the function of `steps` that it names, called with its other fields."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    # The libraries print; what they say belongs to the log.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    for line in sys.stdin:
        fields = json.loads(line)
        name = fields.pop("step")
        try:
            answer = {"ok": steps[name](**fields)}
        except Exception as error:  # whatever it is, it is the answer
            answer = {"error": str(error), "kind": type(error).__name__}
        answers.write(json.dumps(answer, default=str) + "\n")


class Rejected(Exception):
    """The library returned a failure where another one raises."""
