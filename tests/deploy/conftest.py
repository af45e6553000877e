import keras
import numpy as np
import pytest
from sklearn.datasets import load_digits

from easynas.data.images import ImageEncoder
from easynas.data.reduction import reduction
from easynas.data.target import ClassTarget
from easynas.deploy.bundle import Bundle, assemble, choose_samples
from easynas.schema import ImageSchema

NAMES = np.array(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])
TRAINING = slice(0, 1400)


def tower(width=16, classes=10):
    """Layers that behave differently while training: a file exported in that mode would answer otherwise."""
    return [
        keras.layers.Rescaling(1 / 16),
        keras.layers.Conv2D(width, 3, use_bias=False),
        keras.layers.BatchNormalization(momentum=0.8),
        keras.layers.ReLU(),
        keras.layers.Conv2D(2 * width, 3),
        keras.layers.ReLU(),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dropout(0.2),
        keras.layers.Dense(classes, activation="softmax"),
    ]


def chain(layers):
    def network(x):
        for layer in layers:
            x = layer(x)
        return x

    return network


def encoder_of(shape, size=None, dtype="uint8"):
    """An encoder of images that reduces them to `size`."""
    channels = shape[2] if len(shape) == 3 else 1
    schema = ImageSchema(shape, dtype, (4.9,) * channels, (36.2,) * channels)
    return ImageEncoder(schema, reduction(shape, size or shape[:2]), whole=dtype == "uint8")


@pytest.fixture(scope="session")
def digits():
    """Handwritten digits as grey images `(n, 24, 24)` with labels in words."""
    data = load_digits()
    images = np.kron(data.images, np.ones((3, 3))).astype(np.uint8)
    return images, NAMES[data.target]


@pytest.fixture(scope="session")
def bundle(digits):
    """A network trained on digits reduced to 10 × 10; do not change it."""
    keras.utils.set_random_seed(0)
    images, labels = digits
    target = ClassTarget.learn(labels)
    encoder = encoder_of((24, 24), (10, 10))
    layers = tower()
    inputs = keras.Input((10, 10, 1))
    trained = keras.Model(inputs, chain(layers)(inputs))
    trained.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    codes = target.encode(labels)
    trained.fit(
        encoder.encode(images)[TRAINING].astype(np.float32), codes[TRAINING], epochs=6, batch_size=64, verbose=0
    )
    samples = images[choose_samples(codes[TRAINING], count=200, seed=0)]
    return Bundle(*assemble(encoder, target.answer, chain(layers)), encoder, target, samples)


@pytest.fixture(scope="session")
def coloured():
    """An untrained network for small colour images with channels, as they are."""
    keras.utils.set_random_seed(1)
    encoder = encoder_of((8, 8, 3), dtype="float32")
    target = ClassTarget.learn([3, 5, 8])
    samples = np.random.default_rng(0).random((32, 8, 8, 3), np.float32) * 16
    return Bundle(*assemble(encoder, target.answer, chain(tower(4, classes=3))), encoder, target, samples)
