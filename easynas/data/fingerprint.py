"""A short name for a data set, so that a study is not continued with other data."""

import hashlib

import numpy as np

from easynas.data.images import ImageData

SAMPLED_IMAGES = 256


def fingerprint(data: ImageData) -> str:
    """Returns 32 hexadecimal digits that are equal for equal data.

    All labels and weights count, of the images their statistics and 256 of them evenly spread: reading all of a
    large data set would take seconds. The order of the samples counts too.
    """
    digest = hashlib.blake2b(digest_size=16)
    # Ten digits: more would tell two machines apart that add up floats in another order.
    statistics = [f"{value:.9e}" for value in (*data.schema.mean, *data.schema.variance)]
    digest.update(repr((data.images.shape, data.images.dtype.str, data.target, statistics)).encode())
    step = max(1, len(data.images) // SAMPLED_IMAGES)
    for part in (data.images[::step], data.labels, data.weights):
        if part is not None:
            digest.update(np.ascontiguousarray(part).data)
    return digest.hexdigest()
