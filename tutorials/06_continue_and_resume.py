# %% [markdown]
# # Continue, resume, and use a cluster
#
# A fit that was cut off goes on, a finished one is given more time, and the same call runs on many machines:
# `python tutorials/06_continue_and_resume.py`, about 30 seconds.

# %%
import tempfile
from pathlib import Path

from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split

import easynas
from easynas.search.study import Study

# %% [markdown]
# ## A place for the study
#
# All that a search knows lies in one folder: a journal with a line for every trial, on the disk before anybody learns
# from it, and the weights of the best networks. Give `directory`, and the folder stays.

# %%
patients, progression = load_diabetes(return_X_y=True, as_frame=True)
x_train, x_test, y_train, y_test = train_test_split(patients, progression, random_state=0)
folder = Path(tempfile.mkdtemp(prefix="easynas-tutorial-")) / "diabetes"


def regressor(time_budget: str, **settings: object) -> easynas.TabularRegressor:
    return easynas.TabularRegressor(time_budget, directory=folder, random_state=0, verbose=0, **settings)


# %% [markdown]
# ## A power cut
#
# `callbacks` are called with every trial. This one ends the program after the first, the baseline, as a crash
# would; after `kill -9` or a real power cut the folder looks no different.


# %%
class PowerCutError(Exception):
    pass


def cut(trial: easynas.Done | easynas.Failed) -> None:
    print(f"trial {trial.job.id}: {trial.job.origin}")
    raise PowerCutError


try:
    regressor("14s").fit(x_train, y_train, callbacks=[cut])
except PowerCutError:
    print("... and the light went out.")

# %% [markdown]
# Anybody can look into the folder, also while a fit is at work in it.

# %%
left = Study.read(folder)
print(f"{len(left.trials)} trial is safe, with a score of {left.best.score:.3f}; shipped: {left.shipped}")

# %% [markdown]
# ## Resuming
#
# The same call again goes on: with the trials that there are, and with what is left of the budget,
# though never with less than ten seconds.

# %%
resumed = regressor("14s").fit(x_train, y_train)
print(f"went on after {resumed.study_.spent:.1f} s of the budget; this call took {resumed.fit_seconds_:.1f} s")
print(f"R² on patients it never saw {resumed.score(x_test, y_test):.3f}")

# %% [markdown]
# A folder holds one study. Other data, labels or another metric are refused rather than mixed in.

# %%
try:
    regressor("14s").fit(x_train, -y_train)
except easynas.StudyError as error:
    print(error)

# %% [markdown]
# ## More time, more machines
#
# The budget was used up and a model shipped, so the next fit gets a whole new one, and still knows every trial.
#
# Where trials run is the engine's affair: processes of this computer, or a cluster of [Ray](https://docs.ray.io).
# Set `CLUSTER` to the address of one (`pip install "easynas[ray]"` on its machines), and nothing else changes: same
# journal, same deadline, and a machine that dies costs its trial and no more.

# %%
CLUSTER = None  # such as "10.0.0.5:6379"; "local" starts a cluster of this computer alone
if CLUSTER is None:
    engine = easynas.engines.Local(memory_mb=3000)  # a trial that takes more memory fails, and says so
else:
    engine = easynas.engines.Ray(CLUSTER, resources_per_trial={"CPU": 1})
before = len(resumed.study_.trials)
continued = regressor("10s", engine=engine).fit(x_train, y_train)
print(f"{before} trials became {len(continued.study_.trials)}")
print(f"validation score {resumed.best_score_:.3f}, now {continued.best_score_:.3f}")
print(f"R² on patients it never saw {continued.score(x_test, y_test):.3f}")

# %% [markdown]
# Ctrl-C is no crash: the search ends, and `fit` returns with the best model so far. Pressed again, it ends everything.
