import keras
import numpy as np
import pytest
from sklearn.datasets import load_digits

from easynas.data.store import reduce_images, reduction
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
    schema = ImageSchema((24, 24), "uint8", (4.9,), (36.2,))
    reduced_by = reduction(schema.shape, (10, 10))
    layers = tower()
    inputs = keras.Input((10, 10, 1))
    trained = keras.Model(inputs, chain(layers)(inputs))
    trained.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    codes = target.encode(labels)
    trained.fit(reduce_images(images, reduced_by)[TRAINING], codes[TRAINING], epochs=6, batch_size=64, verbose=0)
    samples = choose_samples(images[TRAINING], codes[TRAINING], count=200, seed=0)
    return Bundle(assemble(schema, reduced_by, chain(layers)), schema, target, samples)


@pytest.fixture(scope="session")
def coloured():
    """An untrained network for small colour images with channels, as they are."""
    keras.utils.set_random_seed(1)
    schema = ImageSchema((8, 8, 3), "float32", (0.5,) * 3, (0.1,) * 3)
    target = ClassTarget.learn([3, 5, 8])
    samples = np.random.default_rng(0).random((32, 8, 8, 3), np.float32) * 16
    return Bundle(
        assemble(schema, reduction(schema.shape, (8, 8)), chain(tower(4, classes=3))), schema, target, samples
    )
