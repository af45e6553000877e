# %% [markdown]
# # Texts
#
# From sentences to a network that tells them apart, in under a minute: `python tutorials/02_texts.py`. The texts are
# lines of documentation that lies on this computer anyway; the question is which library each line is from.

# %%
import importlib
import inspect
import random
import tempfile
from pathlib import Path

import easynas
from easynas import runtime

# %% [markdown]
# ## The data
#
# Texts are a list, an array or a pandas Series of `str`, in any language. Nothing need be cleaned: punctuation, upper
# case and emoji may tell something, and the network finds out. The names of the libraries are taken out here, or it
# would be too easy.


# %%
def lines_of(library: str, modules: list[str]) -> list[tuple[str, str]]:
    members = [member for name in modules for _, member in inspect.getmembers(importlib.import_module(name), callable)]
    lines = {line.strip() for member in members for line in (inspect.getdoc(member) or "").splitlines()}
    names = ("numpy", "np.", "pandas", "pd.", "sklearn", "scikit")
    return [(line, library) for line in sorted(lines) if len(line) > 40 and not any(name in line for name in names)]


rows = [
    *lines_of("numpy", ["numpy", "numpy.linalg", "numpy.random"]),
    *lines_of("pandas", ["pandas"]),
    *lines_of("scikit-learn", ["sklearn.linear_model", "sklearn.metrics"]),
]
random.Random(0).shuffle(rows)
rows = rows[:3500]
texts, libraries = [text for text, _ in rows], [library for _, library in rows]
print(f"{len(texts)} lines; for example {texts[0]!r}, which is from {libraries[0]}")

# %% [markdown]
# ## Fitting
#
# Networks for texts are small and learn fast, so several of different kinds are tried, and the best are averaged into
# one. The leaderboard has a row for each, and for the average.

# %%
classifier = easynas.TextClassifier(time_budget="40s", random_state=0)
classifier.fit(texts[:3000], libraries[:3000])
print(f"accuracy {classifier.score(texts[3000:], libraries[3000:]):.3f} on lines that it never saw")
print(classifier.leaderboard()[["trial", "status", "score", "network", "seconds"]].to_string(index=False))

# %% [markdown]
# ## Shipping it
#
# The Keras model takes texts as they are. A `.tflite` file takes the integers that texts become, and says inside how:
# `easynas.runtime` reads it on a device, with numpy and an interpreter alone.

# %%
folder = Path(tempfile.mkdtemp(prefix="easynas-tutorial-"))
print(classifier.export(folder / "library.keras"))
print(classifier.export(folder / "library.tflite", quantization="dynamic"))
on_device = runtime.load(folder / "library.tflite")
print(on_device.predict(["Returns a copy of the array.", "Fit the model to the training data."]))
