"""`Bundle`: the network with everything that belongs to it, so that what was judged is what is shipped.

The model of a bundle takes images exactly as the user has them and gives probabilities. It consists of Keras' own
layers alone, so that its file loads with `keras.models.load_model` where easynas is not installed.
"""

import dataclasses
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from easynas.data.store import Reduction
from easynas.data.target import ClassTarget
from easynas.deploy.atomic import replacing
from easynas.errors import InputError
from easynas.schema import ImageSchema

FORMAT = 1  # of a bundle's folder; changes when an older easynas could not read it
MODEL_FILE, SAMPLES_FILE, BUNDLE_FILE = "model.keras", "samples.npz", "bundle.json"


@dataclass(frozen=True, eq=False)
class Bundle:
    """A model from raw images to probabilities, and what is needed to check, convert and read it.

    Attributes:
        model: from `(batch, *schema.shape)` in received units to probabilities `(batch, classes)`; float32.
        schema: what an image is.
        target: what the classes are.
        samples: raw training images `(n, *schema.shape)`, at least one, to calibrate and check conversions with.
    """

    model: keras.Model
    schema: ImageSchema
    target: ClassTarget
    samples: np.ndarray

    def probabilities(self, x: np.ndarray, *, batch_size: int = 256) -> np.ndarray:
        """Returns the probability of every class, float32 `(n, classes)`.

        Args:
            x: raw images `(n, *schema.shape)`, any numeric type.
            batch_size: how many images are in memory as float32 at a time.
        """
        starts = range(0, len(x), batch_size)
        chunks = [self._infer(np.asarray(x[at : at + batch_size], dtype=np.float32)).numpy() for at in starts]
        return np.concatenate(chunks) if chunks else np.zeros((0, len(self.target.classes)), np.float32)

    def labels(self, probabilities: np.ndarray) -> np.ndarray:
        """Returns the most probable class of every row, `(n,)`, in the dtype the labels were given in."""
        return self.target.decode(probabilities.argmax(axis=1))

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: the traced function is made anew."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    @cached_property
    def _infer(self) -> Any:
        # Traced once for any batch: 3 to 10 times faster than calling the model, whose `predict` needs 50 ms a call.
        signature = [tf.TensorSpec((None, *self.schema.shape), tf.float32)]
        return tf.function(lambda images: self.model(images, training=False), input_signature=signature)


def assemble(schema: ImageSchema, reduction: Reduction, network: Callable[[Any], Any]) -> keras.Model:
    """Returns the model from raw images `(batch, *schema.shape)` to probabilities `(batch, classes)`.

    Args:
        schema: what an image is.
        reduction: what the images went through before training.
        network: from a Keras tensor `(batch, *reduction.size, channels)` to the tensor of probabilities. It shares its
            weights with the result. Random augmentation belongs outside, unless `network` is a `keras.Model`.
    """
    inputs = keras.Input(schema.shape, dtype="float32", name="image")
    x = inputs
    if len(schema.shape) == 2:
        x = keras.layers.Reshape((*schema.shape, 1))(x)
    if reduction.factor != (1, 1):
        x = keras.layers.AveragePooling2D(reduction.factor)(x)
    if tuple(x.shape[1:3]) != tuple(reduction.size):
        # Left to itself, Resizing declares that this is a training, and every layer after it believes so:
        # `model(x)` would drop units, normalise by the batch and even change the stored statistics.
        x = keras.layers.Resizing(*reduction.size, interpolation="bilinear")(x, training=False)
    outputs = network(x, training=False) if isinstance(network, keras.Model) else network(x)
    return keras.Model(inputs, outputs)


def choose_samples(
    images: np.ndarray, labels: np.ndarray, *, count: int = 256, max_bytes: int = 64 * 2**20, seed: int
) -> np.ndarray:
    """Returns some of `images`, the classes as equally often as there are images of them.

    Args:
        images: `(n, ...)`.
        labels: class of every image, integers `(n,)`.
        count: how many to choose; fewer if there are not as many, or if they would not fit.
        max_bytes: memory the result may take; one image is chosen in any case.
        seed: decides which.
    """
    fitting = max(1, max_bytes // images[0].nbytes)
    shuffled = np.random.default_rng(seed).permutation(len(images))
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]
    grouped = labels[by_class]
    turn = np.arange(len(images)) - np.searchsorted(grouped, grouped)
    # Everybody's first image comes before anybody's second; inside a turn the order is random.
    order = np.lexsort((np.argsort(shuffled)[by_class], turn))
    return images[np.sort(by_class[order][: min(count, fitting)])]


def save(bundle: Bundle, folder: str | Path) -> None:
    """Writes `bundle` into `folder`, which is created if it is missing; files of an earlier bundle are replaced."""
    folder = Path(folder)
    config = {
        "format": FORMAT,
        "schema": dataclasses.asdict(bundle.schema),
        "target": bundle.target.to_config(),
    }
    with (
        # Contexts end from the last to the first, so the model appears first and the file that names all last.
        replacing(folder / BUNDLE_FILE) as description,
        replacing(folder / SAMPLES_FILE) as samples,
        replacing(folder / MODEL_FILE) as model,
    ):
        bundle.model.save(model)
        np.savez_compressed(samples, images=bundle.samples)
        description.write_text(json.dumps(config, indent=1), encoding="utf8")


def load(folder: str | Path) -> Bundle:
    """Returns the bundle that `save` wrote into `folder`.

    Raises:
        InputError: a file is missing or damaged, or was written by a newer easynas.
    """
    folder = Path(folder)
    missing = [name for name in (BUNDLE_FILE, MODEL_FILE, SAMPLES_FILE) if not (folder / name).is_file()]
    if missing:
        raise InputError(f"A saved bundle must contain {missing[0]!r}. Received the folder {str(folder)!r} without it.")
    try:
        return _load(folder)
    except InputError:
        raise
    except _DAMAGED as error:
        raise InputError(
            f"A saved bundle must be as `save` wrote it. Received the folder {str(folder)!r}, of which a file is "
            f"damaged or not ours: {(str(error).splitlines() or [type(error).__name__])[0]}"
        ) from error


_DAMAGED = (ValueError, KeyError, TypeError, AttributeError, IndexError, OSError, zipfile.BadZipFile)


def _load(folder: Path) -> Bundle:
    config = json.loads((folder / BUNDLE_FILE).read_text(encoding="utf8"))
    if config["format"] > FORMAT:
        raise InputError(
            f"A bundle must be of format {FORMAT} or older. Received format {config['format']}; upgrade easynas."
        )
    with np.load(folder / SAMPLES_FILE, allow_pickle=False) as stored:
        samples = stored["images"]
    _check_members(folder / MODEL_FILE)
    return Bundle(
        model=keras.models.load_model(folder / MODEL_FILE, compile=False, safe_mode=True),
        schema=_schema(config["schema"]),
        target=ClassTarget.from_config(config["target"]),
        samples=samples,
    )


def _check_members(path: Path) -> None:
    """Keras unpacks some files of the archive; none may land outside the folder it unpacks into."""
    with zipfile.ZipFile(path) as archive:
        outside = [name for name in archive.namelist() if ".." in Path(name).parts or Path(name).is_absolute()]
    if outside:
        raise ValueError(f"{path.name} holds paths that lead out of it: {outside}.")


def _schema(config: dict[str, Any]) -> ImageSchema:
    return ImageSchema(
        shape=tuple(config["shape"]),
        dtype=config["dtype"],
        mean=tuple(config["mean"]),
        variance=tuple(config["variance"]),
    )
