"""What every step of a training run shares beside its samples."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

import torch

from analysis.memory import keep_freed_memory
from analysis.training.config import Device, TrainingConfig
from analysis.training.data.prepare import PreparedData
from analysis.training.progress import Reporter
from analysis.types import OnProgress


@dataclass(frozen=True, slots=True)
class Run:
    """Settings, device and progress of one run. `config.seed` is the source of all its chance."""

    config: TrainingConfig
    device: torch.device
    reporter: Reporter
    out_dir: Path | None = None
    """None: nothing is written."""
    fingerprint: str = ""
    """Digest of settings, data and split: files left by another run are not resumed from."""


def begin_run(config: TrainingConfig, on_progress: OnProgress) -> Run:
    """Returns a run on the device chosen, after setting up the process for it; it has no folder yet."""
    device = choose_device(config)
    set_up_process(config)
    return Run(config, device, Reporter(on_progress, str(device)))


def choose_device(config: TrainingConfig) -> torch.device:
    """Returns CUDA where it is wanted and answers, else the CPU; asked only now, in the process that computes."""
    if config.device is Device.CPU or not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda")


def set_up_process(config: TrainingConfig) -> None:
    """Sets what holds for the whole process: memory, cores, chance."""
    keep_freed_memory()
    torch.set_num_threads(config.threads or os.cpu_count() or 1)
    torch.manual_seed(config.seed)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it products of matrices vary on CUDA
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.cudnn.benchmark = False


def run_fingerprint(config: TrainingConfig, prepared: PreparedData) -> str:
    """Returns a digest of everything that the result depends on."""
    document = json.dumps([config.as_json(), prepared.fingerprint, prepared.fold.tolist(), torch.__version__])
    return hashlib.sha256(document.encode()).hexdigest()
