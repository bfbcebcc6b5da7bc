"""How a model runs: exported once and run by OpenVINO on a CPU, by torch on CUDA and MPS.

The export happens in a subprocess, so that neither torch nor transformers nor timm ever enters the server process.
An exported model is kept in the cache under a key of its weights' SHA-256 and the versions that shaped it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version as installed
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np

from mmexplore import runtime
from mmexplore.errors import UserError

#: raised whenever the exported graphs change though weights and packages do not
EXPORT_VERSION = 1
EXPORT_SECONDS = 900


@dataclass(frozen=True)
class Exportable:
    """A torch module ready to be traced.

    module: eval mode, fp32; takes `example`'s arrays by position and returns one tensor for each name in `outputs`.
    shapes: input name -> shape, -1 where it varies.  free: the module's own resources are freed with it.
    """

    module: Any
    example: Mapping[str, np.ndarray]
    shapes: Mapping[str, tuple[int, ...]]
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """What has to be run, told without importing torch.

    name: the encoder, as `python -m mmexplore.encoders.export NAME` knows it.
    weights: SHA-256 of the weight file.  packages: distributions whose version shapes the export.
    bf16: True where bfloat16 was checked to keep cosine >= 0.999 to fp32.
    build: makes the Exportable (imports torch; called only in the export and where torch is the engine).
    """

    name: str
    weights: str
    packages: tuple[str, ...]
    build: Callable[[], Exportable] = field(compare=False)
    bf16: bool = False

    @property
    def key(self) -> str:
        """Names the exported files: other weights, packages or graphs give another key."""
        parts = [EXPORT_VERSION, self.weights, {p: installed(p) for p in ("openvino", *self.packages)}]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


class Engine(ABC):
    """Runs one output of a model; safe to call from several threads at once."""

    #: part of the encoder's version: another precision gives other vectors
    precision: str

    @abstractmethod
    def run(self, inputs: Mapping[str, np.ndarray], output: str) -> np.ndarray:
        """The named output, float32, first axis = batch."""


class OpenVinoEngine(Engine):
    """An exported model on the CPU. Each output is compiled when first asked for, without the others' branches."""

    def __init__(self, xml: Path, precision: str) -> None:
        self.precision = precision
        self._xml = xml
        self._lock = threading.Lock()
        self._compiled: dict[str, Any] = {}
        self._requests = threading.local()

    def _compile(self, output: str) -> Any:
        import openvino as ov

        with self._lock:
            if output not in self._compiled:
                core = ov.Core()
                model = core.read_model(self._xml)
                only = ov.Model([model.output(output)], model.get_parameters(), output)
                hints = {
                    "INFERENCE_PRECISION_HINT": self.precision,
                    "INFERENCE_NUM_THREADS": runtime.threads(),
                    "PERFORMANCE_HINT": "LATENCY",  # one batch at a time on all threads: the batch fills them
                }
                self._compiled[output] = core.compile_model(only, "CPU", hints)
        return self._compiled[output]

    def run(self, inputs: Mapping[str, np.ndarray], output: str) -> np.ndarray:
        requests = self._requests.__dict__
        if output not in requests:  # a request belongs to one thread
            requests[output] = self._compile(output).create_infer_request()
        answer = requests[output].infer({k: np.ascontiguousarray(v) for k, v in inputs.items()})
        return np.array(answer[0], dtype=np.float32)  # a copy: the request's memory is used again


class TorchEngine(Engine):
    """The torch module itself, on any device."""

    def __init__(self, plan: Plan, device: str) -> None:
        built = plan.build()
        self.precision = f"torch-{device}-f32"
        self._device, self._outputs, self._order = device, built.outputs, tuple(built.example)
        self._module = built.module.to(device)
        self._lock = threading.Lock()

    def run(self, inputs: Mapping[str, np.ndarray], output: str) -> np.ndarray:
        import torch

        with self._lock, torch.inference_mode():
            tensors = [torch.from_numpy(np.ascontiguousarray(inputs[k])).to(self._device) for k in self._order]
            answers = self._module(*tensors)
        return answers[self._outputs.index(output)].float().cpu().numpy()


def make_engine(plan: Plan) -> Engine:
    """The fastest engine of this machine: OpenVINO on a CPU (exporting at first use), else torch on the GPU.

    Raises:
        UserError: the export failed; says why.
    """
    device = runtime.device()
    if device != "cpu":
        return TorchEngine(plan, device)
    xml = exported(plan)
    return OpenVinoEngine(xml, "bf16" if plan.bf16 and cpu_has_bf16() else "f32")


@cache
def cpu_has_bf16() -> bool:
    """Does this CPU compute in bfloat16 (AVX512-BF16 or AMX)?"""
    import openvino as ov

    return "BF16" in ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def exported(plan: Plan) -> Path:
    """Path of the exported model, made now if it is not in the cache.

    Written to a folder of its own and renamed into place under a file lock: another process waits and then finds it,
    and a killed export leaves nothing that could be mistaken for a model.
    """
    from filelock import FileLock

    root = runtime.cache_dir("engines")
    name = "".join(c if c.isalnum() or c in "-_." else "_" for c in plan.name)[:80]
    final = root / f"{name}-{plan.key}"
    if (final / "model.xml").exists():
        return final / "model.xml"
    with FileLock(root / f"{name}.lock"):
        if not (final / "model.xml").exists():
            for stale in root.glob(f".{name}-*"):  # we hold the lock: nobody else is writing these
                shutil.rmtree(stale, ignore_errors=True)
            temporary = Path(mkdtemp(prefix=f".{name}-", dir=root))
            try:
                _export(plan.name, temporary)
                temporary.rename(final)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
    return final / "model.xml"


def _export(name: str, folder: Path) -> None:
    here = str(Path(__file__).parents[2])
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH", "")])),
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
    }
    command = [sys.executable, "-m", "mmexplore.encoders.export", name, str(folder)]
    try:
        done = subprocess.run(  # noqa: S603 - our own module, no shell
            command, env=environment, capture_output=True, text=True, timeout=EXPORT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise UserError(
            f"preparing it took longer than {EXPORT_SECONDS} s", name, "try again on a quieter machine"
        ) from error
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise UserError(f"the model could not be prepared ({last})", name, "reinstall with `make setup`")
