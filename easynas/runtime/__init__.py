"""Runs exported models with numpy and a TFLite interpreter alone: no TensorFlow, Keras or pandas is loaded.

    from easynas.runtime import Text

    Text("model.tflite").predict(["a text", "another one"])  # reads model.json beside it

What encodes samples for training lives here too, so both do the same by construction. Mistakes of a caller are
`ValueError`s: easynas' own errors need scikit-learn.
"""

from easynas.runtime.text import Text
from easynas.runtime.tokenizer import Tokenizer

__all__ = ["Text", "Tokenizer"]
