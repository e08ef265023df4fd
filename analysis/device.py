"""Choosing where networks run: the one place that asks ONNX Runtime for its providers, and only when called."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

CPU = "CPUExecutionProvider"
CUDA = "CUDAExecutionProvider"


def available_providers() -> list[str]:
    """ONNX Runtime providers to use, best first: CUDA where the installed runtime offers it, then the CPU."""
    import onnxruntime

    return [provider for provider in (CUDA, CPU) if provider in onnxruntime.get_available_providers()]


def open_session(model: Path | bytes, *, threads: int = 0, providers: list[str] | None = None) -> InferenceSession:
    """A session for one model: its file or what is in it.

    `threads`: for one run of the network; 0 means as many as there are cores. Where CUDA is offered but does not start
    (no driver, another process holds the card), ONNX Runtime falls back to the CPU by itself.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    given = str(model) if isinstance(model, Path) else model
    return onnxruntime.InferenceSession(given, options, providers=providers or available_providers())
