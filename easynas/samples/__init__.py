"""Data that comes with the package, for a first run and for tests."""

from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    Part = tuple[np.ndarray, np.ndarray]


def load_fashion() -> "tuple[Part, Part]":
    """Returns `((x_train, y_train), (x_test, y_test))`, a sample of Fashion-MNIST (Xiao, Rasul and Vollgraf, 2017).

    4,000 images of clothes to train on and 1,000 of the official test set, grey, uint8 `(n, 28, 28)`, with the names of
    their classes as text `(n,)`; ten classes of equal size. Under the MIT licence in FASHION_MNIST_LICENSE.
    """
    import numpy as np

    with (files(__name__) / "fashion_mnist.npz").open("rb") as file, np.load(file) as sample:
        names = sample["classes"]
        train = sample["x_train"], names[sample["y_train"]]
        test = sample["x_test"], names[sample["y_test"]]
    return train, test
