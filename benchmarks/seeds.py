"""Run a milestone from several seeds and print the spread of its figures.

python -m benchmarks.seeds mlp --runs 10          seeds 0, 100, 200, ... on the embedded data
python -m benchmarks.seeds mlp --runs 4 --full    on the real data
"""

import argparse
import re
import statistics
import tempfile
from collections import defaultdict
from pathlib import Path

from tito.milestones import discover, find, perform
from tito.stage import Stage


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.seeds", description=__doc__.split("\n")[0])
    parser.add_argument("name", help="the milestone, as for tito milestone run")
    parser.add_argument("--runs", type=int, default=5, help="how many (5)")
    parser.add_argument("--full", action="store_true", help="on the real data")
    args = parser.parse_args()
    milestone = find(args.name, discover())
    figures: dict[str, list[float]] = defaultdict(list)
    passed = 0
    for run in range(args.runs):
        with tempfile.TemporaryDirectory() as folder:
            result = perform(milestone, Stage(Path(folder), args.full, seeds=100 * run))
        passed += result["passed"]
        for name, metric in result["metrics"].items():
            figures[re.sub(r", network \d+$", ", each network", name)].append(metric["value"])
        figures["seconds"].append(result["seconds"])
        print(f"run {run + 1} of {args.runs}: {'passed' if result['passed'] else 'missed'}")
    print(
        f"{passed} of {args.runs} runs passed\n{'':44}{'n':>5}{'mean':>10}{'least':>10}{'most':>10}"
    )
    for name, values in figures.items():
        mean, least, most = statistics.mean(values), min(values), max(values)
        print(f"{name:44}{len(values):5}{mean:10.4g}{least:10.4g}{most:10.4g}")


if __name__ == "__main__":
    main()
