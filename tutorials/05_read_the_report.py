# %% [markdown]
# # Reading the report
#
# A network, and one page that says how good it is, where it errs, what it looks at and how it was found, in under a
# minute: `python tutorials/05_read_the_report.py`.

# %%
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.datasets import load_wine

import easynas

# %% [markdown]
# ## The data
#
# Chemical measurements of 178 wines from three growers. Two things are wrong with the table, as often happens: a column
# that was the same for all bottles, and some rows that were entered twice.

# %%
data = load_wine(as_frame=True)
wines = data.data.assign(country="Italy")
growers = data.target.map({0: "Rossi", 1: "Bianchi", 2: "Verdi"})
order = np.random.default_rng(0).permutation(len(wines))
train, test = order[:130], order[130:]
x_train = pd.concat([wines.iloc[train], wines.iloc[train[:6]]], ignore_index=True)
y_train = pd.concat([growers.iloc[train], growers.iloc[train[:6]]], ignore_index=True)

# %%
classifier = easynas.TabularClassifier(time_budget="20s", random_state=0)
classifier.fit(x_train, y_train)

# %% [markdown]
# ## The page
#
# Without test samples the page judges the model on those that `fit` held out. They also chose the winner, so a number
# for others to rely on takes samples that `fit` never saw.

# %%
folder = Path(tempfile.mkdtemp(prefix="easynas-tutorial-"))
page = classifier.report(folder / "report.html", x_test=wines.iloc[test], y_test=growers.iloc[test])
print(f"Open {page} in a browser; it is one file of {page.stat().st_size / 1024:.0f} kB.")

# %% [markdown]
# Read it from the top: the score with its interval, and whether a linear model would do as well. Then "Is the data in
# order?", which names the column and the rows from above.

# %%
text = page.read_text(encoding="utf-8")
for found in ("“country”", "repeat an earlier one"):
    assert found in text

# %% [markdown]
# ## The search, in sentences
#
# The same that the page says at its end: which space and why, what was tried, what was refused, what decided.

# %%
print(classifier.explain_search())

# %% [markdown]
# ## Later
#
# A saved estimator can report, too. Its folder holds some of your samples for that; docs/security.md says which.

# %%
classifier.save(folder / "wines")
easynas.load(folder / "wines").report(folder / "again.html")
