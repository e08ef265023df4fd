"""Child processes: started, watched, restarted when they die, and stopped."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from webapp.die_with_parent import die_with_parent
from webapp.supervisor import log_files
from webapp.supervisor.niceness import step_back

LONGEST_PAUSE_S = 30.0
STABLE_AFTER_S = 60.0
"""A process that ran for this long restarts after the shortest pause when it dies."""
DEAF_AFTER_ROUNDS = 3


@dataclass
class Child:
    """One process with a session of its own, so that the terminal's Ctrl-C reaches the supervisor only."""

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str]
    folder: Path
    """The working directory."""
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL
    """What the kernel sends it when the supervisor itself is killed."""
    stop_within_s: float = 10.0
    inherited_fds: tuple[int, ...] = ()
    queues: tuple[str, ...] = ()
    """The queues that it works on, if it is a worker."""
    niceness: int = 0
    """By so much it steps back behind the others where the processor is busy, see nice(2)."""
    inherits_output: bool = False
    """Whether it writes where this process writes, instead of into its log."""

    process: subprocess.Popen[bytes] | None = None
    asked_s: float | None = None
    """When it was asked to stop, on the monotonic clock."""
    started_s: float = 0.0
    start_again_s: float = 0.0
    pause_s: float = field(default=0.5)
    longest_pause_s: float = LONGEST_PAUSE_S
    deaf_rounds: int = 0
    """So many times in a row its queues had work and it took none."""

    def start(self) -> None:
        with nullcontext() if self.inherits_output else _open_log(self.log) as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=None if log is None else subprocess.STDOUT,
                env=self.environment,
                cwd=self.folder,
                pass_fds=self.inherited_fds,
                start_new_session=True,
                preexec_fn=self._before_it_runs,
            )
        self.started_s = time.monotonic()

    def _before_it_runs(self) -> None:
        # A shell without job control starts `command &` deaf to SIGINT and SIGQUIT, and children inherit that: a worker
        # that is still loading would not hear that it should stop.
        signal.signal(self.stop_signal, signal.SIG_DFL)
        if self.niceness:
            step_back(self.niceness)
        die_with_parent(self.death_signal)

    def has_just_died(self) -> str:
        """Returns words about a death not reported yet, and plans the restart; empty while it runs or waits."""
        if self.process is None or not self.has_ended():
            return ""
        code = self.process.returncode
        self.kill_remains()
        self.process = None
        lived_s = time.monotonic() - self.started_s
        self.pause_s = 0.5 if lived_s > STABLE_AFTER_S else min(self.longest_pause_s, self.pause_s * 2)
        self.start_again_s = time.monotonic() + self.pause_s
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        return f"{self.name} {how}. Starting it again in {self.pause_s:.0f} s ({self.where_to_look})"

    @property
    def where_to_look(self) -> str:
        return "its lines are above" if self.inherits_output else f"see {self.log}"

    def has_ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def start_if_due(self) -> bool:
        if self.process is not None or time.monotonic() < self.start_again_s:
            return False
        self.start()
        return True

    def seems_deaf(self, is_unserved: bool) -> bool:
        """Takes what a look at its queues found; True once too many in a row found that it takes no work."""
        is_up = self.process is not None and time.monotonic() - self.started_s > STABLE_AFTER_S
        self.deaf_rounds = self.deaf_rounds + 1 if is_unserved and is_up else 0
        return self.deaf_rounds >= DEAF_AFTER_ROUNDS

    def kill(self) -> None:
        self.deaf_rounds = 0
        if self.process is not None:
            self.process.kill()

    def ask_to_stop(self) -> None:
        """Sends the stop signal once: a second one would make Celery abort its shutdown."""
        if self.process is not None and self.asked_s is None:
            self.asked_s = time.monotonic()
            self.process.send_signal(self.stop_signal)

    def stop(self) -> None:
        """Asks it to stop, waits until `stop_within_s` after the first request, and kills what is left of it."""
        if self.process is None:
            return
        self.ask_to_stop()
        waited_s = time.monotonic() - (self.asked_s or 0.0)
        try:
            self.process.wait(max(0.0, self.stop_within_s - waited_s))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.kill_remains()
        self.process = None

    def kill_remains(self) -> None:
        """Kills grandchildren (a video conversion, say), which share the process group."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)


def stop_together(children: Sequence[Child]) -> None:
    """Asks all of them before waiting, so that they stop at the same time."""
    for child in children:
        child.ask_to_stop()
    for child in children:
        child.stop()


def _open_log(path: Path) -> BinaryIO:
    log_files.turn_if_large(path)
    return path.open("ab")
