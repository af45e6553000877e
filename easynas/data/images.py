"""Images: checked once, before anything is spent on them, and their encoder, which makes them smaller."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import numpy as np

from easynas.data.dataset import Dataset, Target, ingest
from easynas.data.photos import Photos, as_paths
from easynas.data.pixels import Pixels, as_array, as_stored, require_finite, require_images, statistics
from easynas.data.reduction import Reduction, reduce_images, reduction
from easynas.data.target import ClassTarget
from easynas.errors import InputError
from easynas.schema import ImageSchema

CHUNK_BYTES = 1 << 24  # of images as float32
# Rounding to whole numbers adds a standard deviation of 0.3: below 4 % of a channel's own from here on.
ROUNDABLE_VARIANCE = 64.0
_LEARNED_FROM = 256  # files that are decoded to learn statistics


@dataclass(frozen=True)
class ImageEncoder:
    """From images as received to images as networks see them: smaller, and always with channels.

    Attributes:
        schema: what an image is.
        reduction: what is done to it.
        whole: whether the received pixels are whole numbers from 0 to 255, kept as uint8.
    """

    schema: ImageSchema
    reduction: Reduction
    whole: bool

    @classmethod
    def learn(cls, received: np.ndarray | Photos) -> tuple[Pixels | Photos, Self]:
        """The images `(n, height, width[, channels])` as uint8 or float32, and the encoder that leaves their size.

        Raises:
            InputError: pixels are not finite, or all the same.
        """
        images = received if isinstance(received, Photos) else as_stored(received)
        measured = images[:: _stride(images)] if isinstance(images, Photos) else images
        mean, variance = statistics(measured)
        if not any(variance):
            raise InputError(
                f"Images must differ from each other. Received {len(images)} images in which all pixels are the same "
                f"({mean[0]:g}); check how they were loaded."
            )
        schema = ImageSchema(shape=images.shape[1:], dtype=received.dtype.name, mean=mean, variance=variance)
        return images, cls(
            schema, reduction(schema.shape, (schema.height, schema.width)), whole=images.dtype == np.uint8
        )

    def at(self, resolution: tuple[int, int]) -> "ImageEncoder":
        """The encoder that reduces images to `resolution`, `(height, width)`.

        Raises:
            InputError: the resolution is larger than the images.
        """
        return replace(self, reduction=reduction(self.schema.shape, resolution))

    def check(self, x: Any) -> Pixels | Photos:
        """Images to predict or validate on, `(n, *schema.shape)`, uint8 or float32.

        A channel axis of size one may be there or not, whatever `fit` received. Files are brought to the size of the
        schema when they are read.

        Raises:
            InputError: the images differ from the fitted ones in size, channels or units, or are not usable.
        """
        paths = as_paths(x)
        if paths is not None:
            return self._photos(paths)
        schema, received = self.schema, as_array(x)
        plain = (schema.height, schema.width)
        single = {schema.shape, plain, (*plain, 1)} if schema.channels == 1 else {schema.shape}
        if received.ndim > 1 and received.shape[1:] in single:
            received = received.reshape(len(received), *schema.shape)
        elif received.shape in single:
            raise InputError(
                f"Images must come in a batch, shape (n, {_sizes(schema.shape)}). Received one image of shape "
                f"{received.shape}; pass `x[None]` to predict a single one."
            )
        require_images(received)
        if received.shape[1:] != schema.shape:
            raise InputError(
                f"Images must have the shape seen in `fit`, (n, {_sizes(schema.shape)}). Received {received.shape}; "
                "resize or convert them as the training images were."
            )
        images = as_stored(received)
        mean, _ = statistics(images)
        _require_units(received, mean, schema)
        return images

    def _photos(self, paths: np.ndarray) -> Photos:
        schema = self.schema
        if schema.channels not in (1, 3) or not self.whole or max(schema.mean) <= 1:
            raise InputError(
                "Files hold grey or coloured pixels from 0 to 255. Received files, but `fit` saw "
                f"{schema.channels} channels of {schema.dtype} with a mean of {max(schema.mean):.3g}; load them as "
                "the training images were."
            )
        return Photos.of(paths).sized(schema.shape)

    def encode(self, samples: np.ndarray) -> np.ndarray:
        """Images `(n, *reduction.size, channels)`; uint8 if whole numbers are good enough, else float32.

        Raises:
            InputError: pixels are not finite.
        """
        require_finite(samples)
        wanted = np.uint8 if self._stays_whole else np.float32
        return reduce_images(samples if wanted == samples.dtype else samples.astype(np.float32), self.reduction)

    def raw(self, samples: np.ndarray) -> np.ndarray:
        """The images as they are."""
        return samples

    def restore(self, raw: np.ndarray) -> np.ndarray:
        """The images as they are."""
        return raw

    @property
    def inputs(self) -> tuple[int, ...]:
        """Shape of an image as networks see it, `(height, width, channels)`."""
        return (*self.reduction.size, self.schema.channels)

    @property
    def reduced(self) -> "ImageEncoder":
        """The encoder of images that went through this one, which leaves them as they are."""
        shape = self.inputs
        schema = replace(self.schema, shape=shape)
        return replace(self, schema=schema, reduction=reduction(shape, self.reduction.size))

    @property
    def chunk(self) -> int:
        """How many images make a few megabytes."""
        return max(1, CHUNK_BYTES // (4 * self.schema.height * self.schema.width * self.schema.channels))

    @property
    def learned(self) -> str:
        """The statistics in ten digits: more would tell two machines apart that add up floats in another order."""
        return str([f"{value:.9e}" for value in (*self.schema.mean, *self.schema.variance)])

    @property
    def _stays_whole(self) -> bool:
        varying = [variance for variance in self.schema.variance if variance > 0]
        as_received = self.schema.shape[:2] == self.reduction.size
        return self.whole and (as_received or min(varying) >= ROUNDABLE_VARIANCE)

    def to_config(self) -> dict[str, Any]:
        return {"schema": asdict(self.schema), "reduction": asdict(self.reduction), "whole": self.whole}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The encoder that `to_config` described."""
        schema, reduced = ({name: _tuple(value) for name, value in config[part].items()} for part in _PARTS)
        return cls(ImageSchema(**schema), Reduction(**reduced), whole=config["whole"])


def ingest_images(
    x: Any, y: Any, *, sample_weight: Any = None, target: Callable[[Any], Target] = ClassTarget.learn
) -> Dataset:
    """Returns `x` and `y` as data to train on.

    Args:
        x: images `(n, height, width)` or `(n, height, width, channels)` in any numeric type and range: an array, a
            memory map, a tensor, a list of equal arrays, or a pandas Series of them; or paths of image files `(n,)`.
        y: what to predict, see `target`.
        sample_weight: how much each sample counts, `(n,)`, not negative; None: all the same.
        target: learns the target from `y`.

    Raises:
        InputError: the images, labels or weights are not usable; the message says which and why.
    """
    paths = as_paths(x)
    received = as_array(x) if paths is None else paths
    if paths is None:
        require_images(received)
    learn = ImageEncoder.learn if paths is None else _learn_photos
    return ingest(received, y, sample_weight=sample_weight, target=target, learn=learn)


def _learn_photos(paths: np.ndarray) -> tuple[Any, ImageEncoder]:
    return ImageEncoder.learn(Photos.of(paths))


def _stride(photos: Photos) -> int:
    return max(1, len(photos) // _LEARNED_FROM)


def _require_units(images: np.ndarray, mean: tuple[float, ...], schema: ImageSchema) -> None:
    """Pixels divided by 255 after training on 0 to 255 would be predicted as black images, silently."""
    if np.dtype(schema.dtype).kind == "f" or images.dtype.kind != "f" or max(schema.mean) <= 1:
        return
    if max(mean) > 0 and images.min() >= -1 and images.max() <= 1 and (images != np.rint(images)).any():
        raise InputError(
            f"Images must be in the units seen in `fit`, {schema.dtype} with a mean of {max(schema.mean):.3g}. "
            f"Received {images.dtype} between {images.min():.3g} and {images.max():.3g}; "
            "pass the pixels before scaling."
        )


_PARTS = ("schema", "reduction")


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _sizes(shape: tuple[int, ...]) -> str:
    return ", ".join(str(size) for size in shape)
