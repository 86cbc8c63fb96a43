"""Print how TinyTorch's time compares with PyTorch's: `python -m benchmarks`.

Three processes, TinyTorch, PyTorch and PyTorch again as a control, do the same work in turns of a
random order. A ratio is the median of the turns' ratios to PyTorch; below 1 TinyTorch is faster.
The control shows the noise: where it is outside 0.95 to 1.05, the machine was too busy and the line
says little.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys

from benchmarks.workloads import WORKLOADS

SIDES = {"tinytorch": "tinytorch", "torch": "torch", "control": "torch"}


class Side:
    """A worker process and its answers."""

    def __init__(self, library: str, threads: int):
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        environment = {**os.environ, **dict.fromkeys(names, str(threads))}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", library],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip

    def seconds(self, workload: str, repeats: int) -> float:
        """The seconds that one step takes, averaged over `repeats`."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps([workload, repeats]) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"{workload}: the worker stopped; its message stands above")
        return json.loads(answer)

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


def measure(sides: dict[str, Side], workload: str, rounds: int, turn: float) -> dict[str, float]:
    """Let the sides take turns of `turn` seconds; return their medians and the ratios."""
    repeats = {}
    for name, side in sides.items():
        once = min(side.seconds(workload, 1) for _ in range(3))
        repeats[name] = max(1, round(turn / once))
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name in random.sample(list(sides), len(sides)):
            seconds[name].append(sides[name].seconds(workload, repeats[name]))
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    pairs = zip(seconds["tinytorch"], seconds["control"], seconds["torch"], strict=True)
    ratios = [(ours / torch, control / torch) for ours, control, torch in pairs]
    medians["ratio"] = statistics.median(ratio for ratio, _ in ratios)
    medians["noise"] = statistics.median(noise for _, noise in ratios)
    return medians


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument(
        "only", nargs="*", help="measure only the workloads with this in their name"
    )
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="1 2 unless told")
    parser.add_argument("--rounds", type=int, default=15, help="turns per side (15)")
    parser.add_argument(
        "--quick", action="store_true", help="three short turns: only to see it run"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    args = parser.parse_args()
    rounds, turn = (3, 0.005) if args.quick else (args.rounds, 0.06)
    chosen = [name for name in WORKLOADS if not args.only or any(o in name for o in args.only)]
    if not chosen:
        parser.error(
            f"no workload has {' or '.join(args.only)} in its name: {', '.join(WORKLOADS)}"
        )
    for threads in args.threads:
        sides = {name: Side(library, threads) for name, library in SIDES.items()}
        if not args.json:
            print(
                f"\n{threads} thread{'s' * (threads > 1)}: time per step in microseconds, medians"
            )
            print(f"{'':48}{'TinyTorch':>11}{'PyTorch':>11}{'ratio':>8}{'control':>9}")
        for name in chosen:
            found = measure(sides, name, rounds, turn)
            if args.json:
                print(json.dumps({"workload": name, "threads": threads, **found}), flush=True)
                continue
            doubt = "" if 0.95 <= found["noise"] <= 1.05 else "  noisy"
            print(
                f"{name:48}{found['tinytorch'] * 1e6:11.1f}{found['torch'] * 1e6:11.1f}"
                f"{found['ratio']:8.2f}{found['noise']:9.2f}{doubt}",
                flush=True,
            )
        for side in sides.values():
            side.close()


if __name__ == "__main__":
    main()
