"""Makes easynas/samples/fashion_mnist.npz from fashion_mnist.npz in the folder that EASYNAS_DATA names.

    EASYNAS_DATA=/folder/with/data python benchmarks/make_sample.py

The same numbers of images of every class, drawn with a fixed seed: the file comes out the same, byte for byte.
"""

import os
from pathlib import Path

import numpy as np

TRAIN, TEST = 4_000, 1_000
SAMPLE = Path(__file__).parent.parent / "easynas" / "samples" / "fashion_mnist.npz"


def main() -> None:
    """Writes the sample and says how large it is."""
    if "EASYNAS_DATA" not in os.environ:
        raise SystemExit("EASYNAS_DATA must name the folder that holds fashion_mnist.npz.")
    write_sample(Path(os.environ["EASYNAS_DATA"]) / "fashion_mnist.npz", SAMPLE)
    print(f"{SAMPLE}: {SAMPLE.stat().st_size / 1e6:.2f} MB")


def write_sample(source: Path, destination: Path) -> None:
    """Writes a stratified sample of `source`, its test images from the official test set."""
    rng = np.random.default_rng(0)
    with np.load(source) as full:
        train = draw(full["y_train"], TRAIN, rng=rng)
        test = draw(full["y_test"], TEST, rng=rng)
        np.savez_compressed(
            destination,
            x_train=full["x_train"][train],
            y_train=full["y_train"][train],
            x_test=full["x_test"][test],
            y_test=full["y_test"][test],
            classes=full["classes"],
        )


def draw(labels: np.ndarray, count: int, *, rng: np.random.Generator) -> np.ndarray:
    """Returns `count` indices in random order, the same number of every class."""
    classes = np.unique(labels)
    each = count // len(classes)
    chosen = [rng.choice(np.flatnonzero(labels == label), each, replace=False) for label in classes]
    return rng.permutation(np.concatenate(chosen))


if __name__ == "__main__":
    main()
