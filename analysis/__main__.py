"""The command line: `python -m analysis analyse|doctor|faces|probe|weights|train|predict|explain|tune|recognise`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from analysis.cli.recognise import add_recognise_command
from analysis.cli.training import add_training_commands
from analysis.errors import AnalysisError
from analysis.types import Thoroughness

BAD_INPUT = 2


def build_parser() -> argparse.ArgumentParser:
    """Returns the parser of all commands; each sets `run` to the function that runs it."""
    parser = argparse.ArgumentParser(prog="python -m analysis", description="Finds people in videos and pictures.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    analyse = commands.add_parser("analyse", help="detect, track and group the faces of a video")
    analyse.add_argument("video", metavar="VIDEO")
    analyse.add_argument("--out", required=True, metavar="DIR", help="folder for result.json and the pictures")
    _add_thoroughness(analyse)
    analyse.set_defaults(run=_analyse)

    faces = commands.add_parser("faces", help="find the faces in pictures")
    faces.add_argument("paths", nargs="+", metavar="FILE_OR_FOLDER")
    faces.add_argument("--out", required=True, metavar="FILE", help="JSON file to write")
    faces.add_argument("--embeddings", action="store_true", help="include embedding, presence and pose of each face")
    faces.add_argument("--min-score", type=float, metavar="S", help="skip faces with a lower score (0..1)")
    _add_thoroughness(faces)
    faces.set_defaults(run=_faces)

    doctor = commands.add_parser("doctor", help="check a folder of pictures for flaws (its subfolders are labels)")
    doctor.add_argument("folder", metavar="FOLDER")
    doctor.add_argument("--out", required=True, metavar="FILE", help="JSON file to write")
    doctor.add_argument("--people", action="store_true", help="labels are people: also check for mixed-up people")
    doctor.set_defaults(run=_doctor)

    probe = commands.add_parser("probe", help="print what a video file contains, as JSON")
    probe.add_argument("video", metavar="VIDEO")
    probe.add_argument("--memory-bytes", type=int, metavar="N", help="limit on address space")
    probe.set_defaults(run=_probe)

    weights = commands.add_parser("weights", help="fetch and convert the model weights that are missing")
    weights.set_defaults(run=_weights)
    add_training_commands(commands)
    add_recognise_command(commands)
    return parser


def _add_thoroughness(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--thoroughness",
        choices=[choice.value for choice in Thoroughness],
        default=Thoroughness.BALANCED.value,
        help="how thoroughly to look (default: %(default)s)",
    )


# Each command imports what it needs when it runs: `probe` and `weights` must not wait for the others.
def _analyse(args: argparse.Namespace) -> int:
    from analysis.cli.analyse import run_analyse  # deferred: rarely needed

    return run_analyse(args)


def _faces(args: argparse.Namespace) -> int:
    from analysis.cli.faces import run_faces  # deferred: loads cv2

    return run_faces(args)


def _doctor(args: argparse.Namespace) -> int:
    from analysis.cli.doctor import run_doctor  # deferred: loads cv2

    return run_doctor(args)


def _probe(args: argparse.Namespace) -> int:
    from analysis.video.probe import run_probe  # deferred: rarely needed

    return run_probe(args)


def _weights(_: argparse.Namespace) -> int:
    from analysis.cli.weights import run_weights  # deferred: rarely needed

    return run_weights()


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; returns 0, or 2 with a line on stderr if the input or the installation is at fault."""
    args = build_parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = args.run
    try:
        return run(args)
    except AnalysisError as error:
        print(f"{error.code}: {error}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
