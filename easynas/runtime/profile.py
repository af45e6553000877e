"""`python -m easynas.runtime.profile pi.json`: measures this device; needs numpy and an interpreter alone."""

import argparse
import sys
from collections.abc import Sequence

from easynas.runtime.calibration import SECONDS, calibrate
from easynas.runtime.latency import Profile


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures this device and writes its profile.

    Args:
        arguments: of the command line; None: those of this process.
    """
    options = _options(arguments)
    try:
        profile = calibrate(threads=options.threads, seconds=options.seconds)
        profile.save(options.out)
    except (ValueError, OSError) as error:
        sys.exit(f"easynas: {error}")
    sys.stdout.write("\n".join((*sentences(profile), f"The profile is in {options.out}.")) + "\n")


def sentences(profile: Profile) -> tuple[str, ...]:
    """What a profile is of and how good it is."""
    judged = (
        f"{numbers}: {each.networks} networks predicted with a median error of {each.median:.1%}, nine of ten within "
        f"{each.p90:.1%}, rank correlation {each.rank:.3f}"
        for numbers, each in profile.accuracy.items()
    )
    threads = "1 thread" if profile.threads == 1 else f"{profile.threads} threads"
    device = f"{profile.device['machine']}, {profile.device['processor']}, {profile.device['interpreter']}"
    missing = f"Without: {', '.join(profile.unsupported)}." if profile.unsupported else ""
    measured = f"{len(profile.costs)} kinds of operators, measured on {threads} of {device}."
    return tuple(line for line in (measured, *judged, missing) if line)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m easynas.runtime.profile", description=(__doc__ or "").strip())
    parser.add_argument("out", help="file to write, e.g. pi.json")
    parser.add_argument("--threads", type=int, default=1, help="of the interpreter (default: 1)")
    parser.add_argument("--seconds", type=float, default=SECONDS, help=f"about as long it takes (default: {SECONDS:g})")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
