"""What a user would write: `requests.post(data=…)` in a loop, or in a pool of threads.

python -m benchmarks.send.naive URL FIELDS.json THREADS
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import requests


def main(url: str, fields: str, threads: int) -> None:
    """Send the same request for ever."""
    data = json.loads(Path(fields).read_text("utf-8"))

    def send_on(_: int) -> None:
        for _ in count():
            answer = requests.post(f"{url}/sendmms.aspx", data=data, timeout=60)
            balance, task_id = answer.text.split(":")
            int(balance), int(task_id)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(send_on, range(threads)))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
