"""Chooses where networks run: the only module that asks ONNX Runtime for its providers, and only when called."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

CPU = "CPUExecutionProvider"
CUDA = "CUDAExecutionProvider"


def available_providers() -> list[str]:
    """Returns the ONNX Runtime providers to use, best first: CUDA if the installed runtime has it, then the CPU."""
    import onnxruntime  # deferred: loads onnxruntime

    return [provider for provider in (CUDA, CPU) if provider in onnxruntime.get_available_providers()]


def open_session(
    model: Path | bytes, *, threads: int = 0, providers: list[str] | None = None, many_sizes: bool = False
) -> InferenceSession:
    """Opens a session for one model, given as a file or as its content.

    `threads` is for one run of the network; 0 means one per core. If CUDA is installed but does not start (no driver,
    card in use), ONNX Runtime itself falls back to the CPU. With `many_sizes` it keeps no plan of the memory for each
    size of its inputs, which takes a quarter of it where they differ.
    """
    import onnxruntime  # deferred: loads onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.enable_mem_pattern = not many_sizes
    given = str(model) if isinstance(model, Path) else model
    return onnxruntime.InferenceSession(given, options, providers=providers or available_providers())
