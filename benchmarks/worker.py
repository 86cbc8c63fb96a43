"""One side of the comparison in a process of its own: it runs what its standard input asks for."""

import importlib
import json
import sys
import time

from benchmarks.workloads import WORKLOADS


def main(library: str) -> None:
    torch = importlib.import_module(library)
    torch.manual_seed(0)
    steps = {}
    for line in sys.stdin:
        name, repeats = json.loads(line)
        if name not in steps:
            steps[name] = WORKLOADS[name](torch)
            for _ in range(3):
                steps[name]()
        start = time.perf_counter()
        for _ in range(repeats):
            steps[name]()
        print(json.dumps((time.perf_counter() - start) / repeats), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
