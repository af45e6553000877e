"""Whether the user's process grows over trials: fits again and again in one process, and prints a JSON line a fit.

    python benchmarks/growth.py --fits 7 --budget 40

The first fit loads TensorFlow; what counts is the difference between the first line and a later one, over the trials
in between.
"""

import argparse
import json

import psutil
from sklearn.datasets import load_digits

import easynas


def main() -> None:
    """Fits digits as often as asked."""
    parser = argparse.ArgumentParser(description="Measures how the user's process grows over trials.")
    parser.add_argument("--fits", type=int, default=7)
    parser.add_argument("--budget", type=float, default=40.0)
    options = parser.parse_args()
    digits = load_digits()
    process, trials = psutil.Process(), 0
    for number in range(options.fits):
        classifier = easynas.ImageClassifier(options.budget, random_state=number, verbose=0)
        classifier.fit(digits.images, digits.target)
        trials += len(classifier.study_.trials)
        resident = process.memory_info().rss / 1e6
        print(json.dumps({"fit": number, "trials": trials, "resident_mb": round(resident, 1)}), flush=True)


if __name__ == "__main__":
    main()
