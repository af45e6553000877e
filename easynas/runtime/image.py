"""`Image`: an exported image model, run by a TFLite interpreter. All preparation of images is inside the file."""

from pathlib import Path
from typing import Any

import numpy as np

from easynas.runtime.answers import predictions
from easynas.runtime.description import read
from easynas.runtime.interpreter import Interpreter


class Image:
    """Answers about images.

    Args:
        path: the `.tflite` file.
        threads: of the interpreter.

    Raises:
        ValueError: no interpreter is installed, or the file is none of ours, or a newer easynas'.
    """

    def __init__(self, path: str | Path, *, threads: int = 1) -> None:
        self.description: dict[str, Any] = read(path)
        self._interpreter = Interpreter(path, threads=threads)

    def predict_proba(self, images: Any) -> np.ndarray:
        """What the network answers, float32 `(n, outputs)`: probabilities, or numbers in their units.

        Args:
            images: `(n, height, width)` or `(n, height, width, channels)` in the size and units of the training images;
                a channel axis of size one may be there or not.

        Raises:
            ValueError: the images have another shape.
        """
        array = self._checked(np.asarray(images))
        return self._interpreter.run({"image": array}, len(array))

    def predict(self, images: Any) -> list[Any]:
        """What is predicted for each image: a label, a list of labels, or numbers.

        Raises:
            ValueError: as `predict_proba`.
        """
        return predictions(self.predict_proba(images), self.description["target"])

    def _checked(self, images: np.ndarray) -> np.ndarray:
        shape = tuple(self.description["encoder"]["schema"]["shape"])
        plain = shape[:2] if len(shape) == 2 or shape[2] == 1 else shape
        if images.ndim < 2 or images.shape[1:] not in {shape, plain, (*shape[:2], 1) if plain == shape[:2] else shape}:
            raise ValueError(
                f"Images must have shape (n, {', '.join(map(str, shape))}). Received {images.shape}; "
                "pass `images[None]` for a single one, and resize others as the training images were."
            )
        return images.reshape(len(images), *shape).astype(np.float32)
