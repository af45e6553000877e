# %% [markdown]
# # Tables
#
# From a table with numbers, categories and missing cells to a network, in under a minute:
# `python tutorials/03_tables.py`. The measurements are of 569 tumours (scikit-learn's breast cancer data).

# %%
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer

import easynas

# %% [markdown]
# ## The data
#
# A table as it comes from a laboratory: one column in words, cells that are missing, a column that is always the same.

# %%
data = load_breast_cancer(as_frame=True)
table = data.data.sample(frac=1.0, random_state=0)
diagnosis = data.target[table.index].map({0: "malignant", 1: "benign"})
table["mean radius"] = pd.cut(table["mean radius"], 4, labels=["small", "middle", "large", "huge"]).astype(str)
table.loc[table.index[::9], "mean texture"] = np.nan
table["laboratory"] = "A"
train, test = slice(0, 400), slice(400, None)

# %% [markdown]
# ## Fitting
#
# With fewer than 2,000 rows every network is trained five times, and each row is held out once: no row is lost for
# training, and none is judged by a network that knows it. Boosted trees are a row of the leaderboard, to compare with.

# %%
classifier = easynas.TabularClassifier(time_budget="40s", metric="roc_auc", random_state=0)
classifier.fit(table[train], diagnosis[train])
print(f"area under the curve {classifier.score(table[test], diagnosis[test]):.3f} on rows that it never saw")
print(classifier.leaderboard()[["trial", "score", "network", "deployable", "seconds"]].to_string(index=False))

# %% [markdown]
# ## What the columns were taken for
#
# If a kind is wrong, say so: `TabularClassifier(column_types={"mean radius": "categorical"})`.

# %%
print(classifier.columns_.head(4).to_string(index=False))
print(classifier.columns_[classifier.columns_["kind"] == "constant"].to_string(index=False))

# %% [markdown]
# ## Cells that were never seen
#
# A category that `fit` did not see, a missing cell and an infinite one are answered like others.

# %%
strange = table[test].head(2).copy()
strange["mean radius"] = ["enormous", None]
strange["worst area"] = [np.inf, np.nan]
print(classifier.predict(strange), classifier.predict_proba(strange).round(2))

# %% [markdown]
# ## Shipping it
#
# One Keras model, one input a column: it needs no easynas to run.

# %%
folder = Path(tempfile.mkdtemp(prefix="easynas-tutorial-"))
print(classifier.export(folder / "tumour.keras"))
print(classifier.export(folder / "tumour.tflite"))
