"""Signatures of the PyPI package `standardwebhooks` over the cases of standard_webhooks.json, one a line.

python standard_webhooks.py CASES, where the package is installed (README.md beside this file).
"""

import json
import sys
from datetime import datetime, timezone

from standardwebhooks import Webhook

with open(sys.argv[1], encoding="utf-8") as cases:
    for case in json.load(cases):
        at = datetime.fromtimestamp(case["at"], tz=timezone.utc)
        print(Webhook(case["secret"]).sign(case["id"], at, case["body"]))
