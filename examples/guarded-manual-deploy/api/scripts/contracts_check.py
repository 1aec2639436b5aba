"""Does the API that was just deployed keep what it promised its clients? Exit code 0 when it does.

Runs inside the api container, after the deploy: python3 scripts/contracts_check.py
"""

import json
import sys
import urllib.request

BASE = "http://127.0.0.1:8000"

# Path -> the keys that clients read there.
PROMISES = {"/api/health": {"git_sha", "version"}, "/api/orders": {"orders", "next"}}


def read(path):
    with urllib.request.urlopen(BASE + path, timeout=5) as answer:
        return json.load(answer)


def main():
    broken = [f"{path} lacks {key}" for path, keys in PROMISES.items() for key in sorted(keys - set(read(path)))]
    for line in broken:
        print(f"contract broken: {line}", file=sys.stderr)
    print(f"{len(PROMISES)} contracts checked, {len(broken)} broken")
    return 1 if broken else 0


sys.exit(main())
