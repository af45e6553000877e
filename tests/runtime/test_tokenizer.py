"""What a device needs of the tokenizer: no heavy library, and a way to read its file."""

import subprocess
import sys

import pytest

from easynas.data.tokenizer import TextEncoder
from easynas.runtime import Tokenizer

HEAVY = ("keras", "pandas", "scipy", "sklearn", "tensorflow")


def test_importing_the_runtime_loads_no_heavy_library() -> None:
    code = f"import sys, easynas.runtime; print([name for name in {HEAVY} if name in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert printed.strip() == "[]"


def test_a_newer_format_is_refused() -> None:
    config = TextEncoder.learn(["a b", "b a"]).to_config()
    with pytest.raises(ValueError, match="upgrade easynas"):
        Tokenizer.from_config({**config, "format": config["format"] + 1})
