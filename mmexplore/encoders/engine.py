"""How a model runs: exported once and run by OpenVINO on a CPU, by torch on CUDA and MPS.

The export happens in a subprocess, so that neither torch nor transformers nor timm ever enters the server process.
An exported model is kept in the cache under a key of its weights' SHA-256 and the versions that shaped it.
"""

from __future__ import annotations

import hashlib
import json
import logging
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
from mmexplore.encoders.clip.open_clip_hub import hub_answers
from mmexplore.errors import UserError
from mmexplore.optional import require

#: raised whenever the exported graphs change though weights and packages do not
EXPORT_VERSION = 1
EXPORT_SECONDS = 1800
#: exit code of an export that ended with a UserError, its three parts being the last line of stderr
USER_ERROR = 3
#: what the export's own check must find before bfloat16 is used; photos differ more than its drawn ones
BF16_COSINE = 0.9995


@dataclass(frozen=True)
class Exportable:
    """A torch module ready to be traced.

    module: eval mode, fp32; takes `example`'s arrays by position and returns one tensor for each name in `outputs`.
    example: real-looking input, at least two items; the export is checked on all but the last of them.
    shapes: input name -> shape, -1 where it varies.
    half: keep the weights as float16 on disk (half the room; cosine to fp32 above 0.99999).
    meta: what an encoder must know to prepare its input; JSON.
    """

    module: Any
    example: Mapping[str, np.ndarray]
    shapes: Mapping[str, tuple[int, ...]]
    outputs: tuple[str, ...]
    half: bool = False
    meta: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """What has to be run, told without importing torch.

    name, kind: the encoder, as `python -m mmexplore.encoders.export NAME KIND FOLDER` knows it.
    weights: SHA-256 of the weight file.  packages: distributions whose version shapes the export.
    build: makes the Exportable (imports torch; called only in the export and where torch is the engine).
    bf16: True where bfloat16 may be used if the export finds its cosine to fp32 at least 0.9995.
    fallback: True where torch on the CPU is to be used if the model cannot be exported.
    online: True where building may have to fetch small files (a tokenizer) from the hub.
    """

    name: str
    kind: str
    weights: str
    packages: tuple[str, ...]
    build: Callable[[], Exportable] = field(compare=False)
    bf16: bool = False
    fallback: bool = False
    online: bool = False

    @property
    def key(self) -> str:
        """Names the exported files: other weights, packages or graphs give another key."""
        parts = [EXPORT_VERSION, self.kind, self.weights, {p: installed(p) for p in ("openvino", *self.packages)}]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


class NotExportable(Exception):
    """The converter cannot take this model; torch still can."""


class Engine(ABC):
    """Runs one output of a model; safe to call from several threads at once."""

    #: part of the encoder's version: another precision gives other vectors
    precision: str
    #: what `Exportable.meta` said
    meta: Mapping[str, Any]

    @abstractmethod
    def run(self, inputs: Mapping[str, np.ndarray], output: str) -> np.ndarray:
        """The named output, float32, first axis = batch."""


class OpenVinoEngine(Engine):
    """An exported model on the CPU. Each output is compiled when first asked for, without the others' branches."""

    def __init__(self, xml: Path, precision: str) -> None:
        self.precision = precision
        self.meta = json.loads(xml.with_name("meta.json").read_text(encoding="utf-8"))
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
                self._compiled[output] = core.compile_model(only, "CPU", cpu_hints(self.precision))
        return self._compiled[output]

    def run(self, inputs: Mapping[str, np.ndarray], output: str) -> np.ndarray:
        requests = self._requests.__dict__
        if output not in requests:  # a request belongs to one thread
            requests[output] = self._compile(output).create_infer_request()
        answer = requests[output].infer({k: np.ascontiguousarray(v) for k, v in inputs.items()})
        return np.array(answer[0], dtype=np.float32)  # a copy: the request's memory is used again


def cpu_hints(precision: str) -> dict[str, Any]:
    """How OpenVINO is to run a model here: one batch at a time on all threads, for the batch fills them."""
    return {
        "INFERENCE_PRECISION_HINT": precision,
        "INFERENCE_NUM_THREADS": runtime.threads(),
        "PERFORMANCE_HINT": "LATENCY",
    }


class TorchEngine(Engine):
    """The torch module itself, on any device."""

    def __init__(self, plan: Plan, device: str) -> None:
        built = plan.build()
        self.precision = f"torch-{device}-f32"
        self.meta = built.meta
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
        UserError: a package is not installed, the weights are absent, damaged or not the pinned ones, or the export
            failed; says why.
    """
    for distribution in plan.packages:
        require(distribution.removesuffix("_torch"), "encoders", plan.name)  # open_clip_torch is imported as open_clip
    device = runtime.device()
    if device != "cpu":
        return TorchEngine(plan, device)
    require("openvino", "encoders", plan.name)
    try:
        xml = exported(plan)
    except NotExportable as error:
        if not plan.fallback:
            raise UserError(
                f"the model could not be prepared ({error})", plan.name, "run `make setup` again"
            ) from error
        logging.getLogger(__name__).warning("%s is run by torch, which is slower: %s", plan.name, error)
        return TorchEngine(plan, "cpu")
    meta = json.loads(xml.with_name("meta.json").read_text(encoding="utf-8"))
    exact = meta["bf16_cosine"] is not None and meta["bf16_cosine"] >= BF16_COSINE
    return OpenVinoEngine(xml, "bf16" if plan.bf16 and exact and cpu_has_bf16() else "f32")


@cache
def cpu_has_bf16() -> bool:
    """Does this CPU compute in bfloat16 (AVX512-BF16 or AMX)?"""
    import openvino as ov

    return "BF16" in ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def exported(plan: Plan) -> Path:
    """Path of the exported model, made now if it is not in the cache.

    Written to a folder of its own and renamed into place under a file lock: another process waits and then finds it,
    and a killed export leaves nothing that could be mistaken for a model.

    Raises:
        UserError: the weights are at fault.  NotExportable: the converter cannot take the model.
    """
    from filelock import FileLock

    root = runtime.cache_dir("engines")
    name = "".join(c if c.isalnum() or c in "-_." else "_" for c in f"{plan.name}-{plan.kind}")[-80:]
    final = root / f"{name}-{plan.key}"
    if (final / "model.xml").exists():
        return final / "model.xml"
    with FileLock(root / f"{name}.lock"):
        if not (final / "model.xml").exists():
            for stale in root.glob(f".{name}-*"):  # we hold the lock: nobody else is writing these
                shutil.rmtree(stale, ignore_errors=True)
            temporary = Path(mkdtemp(prefix=f".{name}-", dir=root))
            try:
                _export(plan, temporary)
                temporary.rename(final)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
    return final / "model.xml"


def _export(plan: Plan, folder: Path) -> None:
    here = str(Path(__file__).parents[2])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH", "")]))}
    if not (plan.online and hub_answers()):  # left alone, the hub's client would try for most of a minute
        environment |= {"HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-m", "mmexplore.encoders.export", plan.name, plan.kind, str(folder)]
    try:
        done = subprocess.run(  # noqa: S603 - our own module, no shell
            command, env=environment, capture_output=True, text=True, timeout=EXPORT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        remedy = "try again on a quieter machine"
        raise UserError(f"preparing it took longer than {EXPORT_SECONDS} s", plan.name, remedy) from error
    if done.returncode == 0:
        return
    last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    if done.returncode == USER_ERROR:
        raise UserError(*json.loads(last))
    if done.returncode < 0:
        raise UserError(
            "preparing it was stopped by the system, most likely for want of memory",
            plan.name,
            "choose a smaller model",
        )
    raise NotExportable(last[:300])
