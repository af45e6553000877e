"""Makes the virtual environments of the methods that easynas is compared with, from the files in `environments/`.

    python benchmarks/environments.py --folder .peers autokeras flaml

An environment that was made from the same file is left as it is.
"""

import argparse
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

REQUIREMENTS = Path(__file__).parent / "environments"
DEFAULT = Path(__file__).parents[1] / ".peers"
_MADE_FROM = "made-from.txt"


def main(arguments: Sequence[str] | None = None) -> None:
    """Makes what is missing."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", default=names(), help="default: all")
    add_folder(parser)
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.names) - set(names())):
        parser.error(f"An environment must be one of {', '.join(names())}. Received: {', '.join(unknown)}.")
    for name in options.names:
        if is_made(options.folder, name):
            print(f"{name}: there already")
            continue
        print(f"{name}: installing into {options.folder / name}", flush=True)
        make(options.folder, name)


def add_folder(parser: argparse.ArgumentParser) -> None:
    """Adds the option that says where the environments are."""
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path(os.environ.get("EASYNAS_PEERS", DEFAULT)),
        help="of the environments; default: EASYNAS_PEERS, or .peers in the repository",
    )


def names() -> list[str]:
    """Of all environments."""
    return sorted(path.stem for path in REQUIREMENTS.glob("*.txt"))


def python(folder: Path, name: str) -> Path:
    """The interpreter of an environment; that of this process for the empty name."""
    # Not resolved: the link in `bin` is what makes it that of the environment.
    return (folder / name / "bin" / "python").absolute() if name else Path(sys.executable)


def is_made(folder: Path, name: str) -> bool:
    """Whether the environment is complete and up to date."""
    made_from = folder / name / _MADE_FROM
    return not name or (made_from.exists() and made_from.read_bytes() == _requirements(name).read_bytes())


def make(folder: Path, name: str) -> None:
    """Makes an environment anew.

    Raises:
        subprocess.CalledProcessError: something could not be installed.
    """
    shutil.rmtree(folder / name, ignore_errors=True)
    venv.create(folder / name, with_pip=True)
    install = ["-m", "pip", "install", "--quiet", "--requirement", str(_requirements(name))]
    subprocess.run([str(python(folder, name)), *install], check=True)
    shutil.copyfile(_requirements(name), folder / name / _MADE_FROM)


def _requirements(name: str) -> Path:
    return REQUIREMENTS / f"{name}.txt"


if __name__ == "__main__":
    main()
