"""The command line: `python -m analysis COMMAND`; without one, or with `--help`, it lists them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from analysis.cli.blur import add_blur_command
from analysis.cli.recognise import add_recognise_command
from analysis.cli.reel import add_reel_command
from analysis.cli.training import add_training_commands
from analysis.errors import AnalysisError
from analysis.types import Thoroughness

BAD_INPUT = 2
Command = Callable[[argparse.Namespace], int]


def build_parser() -> argparse.ArgumentParser:
    """Returns the parser of all commands; each sets `run` to the function that runs it."""
    parser = argparse.ArgumentParser(prog="python -m analysis", description="Finds people in videos and pictures.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    analyse = commands.add_parser("analyse", help="detect, track and group the faces of a video")
    analyse.add_argument("video", metavar="VIDEO")
    analyse.add_argument("--out", required=True, metavar="DIR", help="folder for result.json and the pictures")
    _add_thoroughness(analyse)
    analyse.set_defaults(run=_command("cli.analyse", "run_analyse"))

    faces = commands.add_parser("faces", help="find the faces in pictures")
    faces.add_argument("paths", nargs="+", metavar="FILE_OR_FOLDER")
    faces.add_argument("--out", required=True, metavar="FILE", help="JSON file to write")
    faces.add_argument("--embeddings", action="store_true", help="include embedding, presence and pose of each face")
    faces.add_argument("--min-score", type=float, metavar="S", help="skip faces with a lower score (0..1)")
    _add_thoroughness(faces)
    faces.set_defaults(run=_command("cli.faces", "run_faces"))

    doctor = commands.add_parser("doctor", help="check a folder of pictures for flaws (its subfolders are labels)")
    doctor.add_argument("folder", metavar="FOLDER")
    doctor.add_argument("--out", required=True, metavar="FILE", help="JSON file to write")
    doctor.add_argument("--people", action="store_true", help="labels are people: also check for mixed-up people")
    doctor.set_defaults(run=_command("cli.doctor", "run_doctor"))

    probe = commands.add_parser("probe", help="print what a video file contains, as JSON")
    probe.add_argument("video", metavar="VIDEO")
    probe.set_defaults(run=_command("cli.probe", "run_probe"))

    weights = commands.add_parser("weights", help="fetch and convert the model weights that are missing")
    weights.set_defaults(run=_command("cli.weights", "run_weights"))
    add_training_commands(commands)
    add_recognise_command(commands)
    add_blur_command(commands)
    add_reel_command(commands)
    return parser


def _add_thoroughness(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--thoroughness",
        choices=[choice.value for choice in Thoroughness],
        default=Thoroughness.BALANCED.value,
        help="how thoroughly to look (default: %(default)s)",
    )


def _command(module: str, function: str) -> Command:
    """Returns a command that is imported when it runs: `probe` and `weights` must not wait for the others."""

    def run(args: argparse.Namespace) -> int:
        return int(getattr(import_module(f"analysis.{module}"), function)(args))

    return run


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; returns 0, or 2 with a line on stderr if the input or the installation is at fault."""
    args = build_parser().parse_args(arguments)
    run: Command = args.run
    try:
        return run(args)
    except AnalysisError as error:
        print(f"{error.code}: {error}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
