# %% [markdown]
# # A first image model
#
# From a few thousand small pictures of clothes to a file that runs on a phone, in about a minute. Run the whole script
# with `python tutorials/01_first_image_model.py`, or cell by cell in an editor that knows `# %%`.

# %%
import tempfile
from pathlib import Path

import easynas

# %% [markdown]
# ## The data
#
# Images are a numpy array `(images, height, width)` or `(images, height, width, channels)`, in whatever units they
# come: scaling is part of the model. Labels are one number or text for each image.

# %%
(x_train, y_train), (x_test, y_test) = easynas.samples.load_fashion()
print(f"{len(x_train)} training images of {x_train.shape[1:]}, {x_train.dtype}; {len(set(y_train.tolist()))} classes")

# %% [markdown]
# ## Fitting within a budget
#
# `time_budget` is the only setting that matters. All of the work happens within it: looking at the data, trying a few
# networks, training the best one for longer. A longer budget gives a better model.

# %%
classifier = easynas.ImageClassifier(time_budget="45s", random_state=0)
classifier.fit(x_train, y_train)
print(f"fit took {classifier.fit_seconds_:.1f} s; validation score {classifier.best_score_:.3f}")

# %% [markdown]
# ## What came of it
#
# The test images were never seen by `fit`. Labels come back as they were given.

# %%
print(f"test accuracy {classifier.score(x_test, y_test):.3f}")
print("first predictions", classifier.predict(x_test[:5]), "and the truth", y_test[:5])
print("certainty", classifier.predict_proba(x_test[:5]).max(axis=1).round(2))

# %% [markdown]
# Every network that was tried has a row, and one that failed has its reason there.

# %%
print(classifier.leaderboard()[["trial", "status", "score", "network", "seconds", "reason"]].to_string(index=False))

# %% [markdown]
# ## Shipping it
#
# `export` writes a file that takes raw images and gives probabilities, and measures that file: its size, the time for
# one image, and how often it agrees with the Keras model.

# %%
folder = Path(tempfile.mkdtemp(prefix="easynas-tutorial-"))
for quantization in (None, "int8"):
    report = classifier.export(folder / f"fashion-{quantization or 'float32'}.tflite", quantization=quantization)
    print(report)

# %% [markdown]
# The whole estimator can be kept too, and the network inside is a plain Keras model.

# %%
classifier.save(folder / "classifier")
again = easynas.load(folder / "classifier")
assert (again.predict(x_test[:100]) == classifier.predict(x_test[:100])).all()
again.export_model().summary()
