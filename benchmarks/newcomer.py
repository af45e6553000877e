"""How long a newcomer waits from the clone to a trained model and its report.

    python3 benchmarks/newcomer.py

Clones this checkout as it is committed into a temporary folder, makes a virtual environment there, installs, and runs
`make demo`, as the README says. What pip downloaded before is not used, unless `--with-cache` is given. Prints the
seconds of each step and what the machine is; the folder is deleted in the end. Needs git, make and Python alone.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
DEMO = ("demo/model.keras", "demo/model.tflite", "demo/report.html")
"""What somebody has in the end."""

GIBIBYTE = 2**30


def steps(folder: Path, *, until: str) -> Iterator[tuple[str, list[str]]]:
    """Names of the steps with their commands, up to the step `until`."""
    checkout = folder / "easynas"
    make = ["make", "-C", str(checkout), f"PYTHON={sys.executable}"]
    everything = [
        ("clone", ["git", "clone", "--quiet", str(ROOT), str(checkout)]),
        ("environment", [*make, ".venv/bin/python"]),
        ("install", [*make, ".venv/.demo-installed"]),
        ("demo", [*make, "demo"]),
    ]
    for name, command in everything:
        yield name, command
        if name == until:
            return


def measured(folder: Path, *, until: str, cached: bool) -> dict[str, float]:
    """Runs the steps, and returns the seconds of each.

    Raises:
        subprocess.CalledProcessError: a step ended with an error, which it has printed.
    """
    environment = {**os.environ, **({} if cached else {"PIP_NO_CACHE_DIR": "1"})}
    environment.pop("VIRTUAL_ENV", None)
    environment.pop("PYTHONPATH", None)
    seconds = {}
    for name, command in steps(folder, until=until):
        print(f"{name}: {' '.join(command[:2])} ...", flush=True)
        started = time.monotonic()
        subprocess.run(command, check=True, env=environment)
        seconds[name] = round(time.monotonic() - started, 1)
    return seconds


def machine() -> dict[str, object]:
    """What somebody needs to know to compare."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / GIBIBYTE, 1),
        "load_before": round(os.getloadavg()[0], 2),
    }


def main() -> None:
    """Measures and prints a table, and one JSON line for a file of results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--until", choices=["clone", "environment", "install", "demo"], default="demo")
    parser.add_argument("--with-cache", action="store_true", help="use what pip has downloaded before")
    chosen = parser.parse_args()
    about = machine()
    with tempfile.TemporaryDirectory(prefix="easynas-newcomer-", ignore_cleanup_errors=True) as folder:
        seconds = measured(Path(folder), until=chosen.until, cached=chosen.with_cache)
        found = [name for name in DEMO if (Path(folder) / "easynas" / name).exists()]
    if chosen.until == "demo" and len(found) < len(DEMO):
        sys.exit(f"The demo must leave {', '.join(DEMO)}. Found: {', '.join(found) or 'nothing'}.")
    print(f"\n{'step':<12} {'seconds':>8}")
    for name, each in [*seconds.items(), ("all", sum(seconds.values()))]:
        print(f"{name:<12} {each:>8.1f}")
    print(json.dumps({**about, "seconds": seconds}))


if __name__ == "__main__":
    main()
