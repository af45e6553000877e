# %% [markdown]
# # A model for a small device
#
# A microcontroller with 64 kB for the model, or a phone that should not get warm: say what the file may cost, and the
# search stays within it. Run the whole script with `python tutorials/04_a_small_model.py`, or cell by cell.

# %%
import tempfile
from pathlib import Path

import easynas
from easynas import runtime

(x_train, y_train), (x_test, y_test) = easynas.samples.load_fashion()

# %% [markdown]
# ## Limits
#
# They hold for the `.tflite` file, here in int8. A network that would exceed them is not trained at all, and what is
# shipped is measured. `max_latency_ms` is there too; with `profile="pi.json"` it means a device that `easynas profile`
# measured, see the page on latency.

# %%
classifier = easynas.ImageClassifier(
    time_budget="60s", quantization="int8", max_size_kb=64, max_macs=2_000_000, random_state=0
)
classifier.fit(x_train, y_train)
print(f"test accuracy {classifier.score(x_test, y_test):.3f}")
print("\n".join(note for note in classifier.study_.notes if "kB" in note))

# %% [markdown]
# A limit that nothing can keep is an error before the time is spent, and says what is possible.

# %%
try:
    easynas.ImageClassifier(time_budget="60s", max_params=10, verbose=0).fit(x_train, y_train)
except easynas.InputError as error:
    print(error)

# %% [markdown]
# ## Other trade-offs
#
# What no other model of this search beats in score, size and latency at once. The file of each was made and measured.

# %%
front = classifier.pareto_front()
print(front.to_string(index=False))

# %% [markdown]
# `select` becomes another one of them without a new search, and goes back as easily.

# %%
chosen = int(front.loc[front["chosen"], "trial"].item())
smallest = int(front.sort_values("size_kb").iloc[0]["trial"])
classifier.select(smallest)
print(f"the smallest: test accuracy {classifier.score(x_test, y_test):.3f}")
classifier.select(chosen)

# %% [markdown]
# ## The file, and a C array
#
# The report compares the file with the Keras model. For a microcontroller `export` writes the same bytes as a C array,
# with the memory that tensors need there, the *arena*.

# %%
folder = Path(tempfile.mkdtemp(prefix="easynas-tutorial-"))
report = classifier.export(folder / "fashion.tflite")
print(report)
print(classifier.export(folder / "fashion.c"))
print("\n".join((folder / "fashion.c").read_text().splitlines()[:8]))

# %% [markdown]
# On the device, `easynas.runtime` needs numpy and an interpreter alone: no TensorFlow, no Keras. (Here it uses the one
# of TensorFlow.)

# %%
model = runtime.load(folder / "fashion.tflite")
answers = model.predict(x_test[:500])
agreement = (answers == classifier.predict(x_test[:500])).mean()
accuracy = (answers == y_test[:500]).mean()
print(
    f"{report.size_kb:.1f} kB; on 500 test images it agrees with Keras on {agreement:.1%}, and {accuracy:.1%} are right"
)
assert report.size_kb <= 64
assert report.macs <= 2_000_000
