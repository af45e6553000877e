# %% [markdown]
# # A block of your own
#
# A kind of network that easynas does not have, searched, trained and shipped like its own ones, in about 30 seconds:
# `python tutorials/07_a_block_of_your_own.py`. It is ConvMixer (Trockman and Kolter, "Patches are all you need?",
# 2022): a picture is cut into patches, which are mixed in space by wide depthwise convolutions and in depth by 1x1
# ones.

# %%
from dataclasses import dataclass

import keras_tuner
import numpy as np
from keras import layers
from sklearn.datasets import load_digits

import easynas
from easynas.testing import check_block

# %% [markdown]
# ## Declare, then build
#
# A block says in `declare` what there is to choose, and in `build` what the choices mean. `declare` builds no layer:
# the space is counted, printed and sampled before there is any network. Names start with the block's own.


# %%
@dataclass(frozen=True)
class ConvMixer(easynas.Block):
    """Patches, mixed in space and in depth in turn."""

    name: str = "mixer"

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        hp.Int("mixer/width", 16, 64, step=16, default=32)
        hp.Int("mixer/depth", 1, 4, default=2)
        hp.Choice("mixer/kernel", [3, 5, 7], default=5)
        hp.Choice("mixer/patch", [1, 2], default=2)

    def build(self, hp: keras_tuner.HyperParameters, x):
        width, patch, kernel = hp.get("mixer/width"), hp.get("mixer/patch"), hp.get("mixer/kernel")
        x = settled(layers.Conv2D(width, patch, strides=patch, padding="same", use_bias=False)(x))
        for _ in range(hp.get("mixer/depth")):
            mixed = settled(layers.DepthwiseConv2D(kernel, padding="same", use_bias=False)(x))
            x = layers.Add()([x, mixed])
            x = settled(layers.Conv2D(width, 1, use_bias=False)(x))
        return x


def settled(x):
    """The paper has GELU here; relu is as good for small pictures and faster as int8."""
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))


# %% [markdown]
# What comes before and after is not the block's affair: raw pixels are scaled, and a head makes classes of what `build`
# returns.

# %%
hp = keras_tuner.HyperParameters()
ConvMixer().declare(hp)
space = easynas.SearchSpace(hp)
print(f"{space.size():.0f} networks, for example {space.sample(np.random.default_rng(0))}")

# %% [markdown]
# ## Does it keep the contract?
#
# `check_block` builds some of them, again in half precision, and converts them to int8: better to hear of an operator
# that a phone does not have today than after a night of search.

# %%
check_block(ConvMixer(), shape=(8, 8, 1), samples=1)


@dataclass(frozen=True)
class Forgetful(easynas.Block):
    """Asks for a choice that it did not declare."""

    name: str = "forgetful"

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        hp.Int("forgetful/width", 4, 8)

    def build(self, hp: keras_tuner.HyperParameters, x):
        return layers.Conv2D(hp.get("forgetful/width"), hp.Choice("forgetful/kernel", [3, 5]))(x)


try:
    check_block(Forgetful(), shape=(8, 8, 1), samples=0)
except AssertionError as error:
    print(error)

# %% [markdown]
# ## Searching it
#
# `space=` takes the block. It travels to the workers by value, so it may be defined in a script or a notebook.

# %%
images, digits = load_digits(return_X_y=True)
images = images.reshape(-1, 8, 8).astype("uint8")
order = np.random.default_rng(0).permutation(len(images))
train, test = order[:1400], order[1400:]
classifier = easynas.ImageClassifier(time_budget="20s", space=ConvMixer(), random_state=0, verbose=0)
classifier.fit(images[train], digits[train])
print(f"test accuracy {classifier.score(images[test], digits[test]):.3f}")
print(classifier.leaderboard()[["trial", "status", "score", "origin", "parameters"]].to_string(index=False))
