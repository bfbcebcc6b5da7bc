"""`python -m mmexplore.encoders.export [NAME KIND FOLDER]`: write a model as OpenVINO IR into a folder.

Runs in a process of its own, the only one that imports torch for an encoder that ships with the installation. Without
arguments it prepares every encoder that works offline (what set-up calls, so that no one waits for it later).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from mmexplore.encoders.engine import USER_ERROR, Exportable, cpu_has_bf16
from mmexplore.errors import UserError

#: the export itself must be faithful; below this something was converted wrongly
F32_COSINE = 0.9999


def write_ir(name: str, kind: str, folder: Path) -> Path:
    """Trace the torch module of encoder `name`, save it as `folder`/model.xml and check it against torch.

    meta.json beside it holds `Exportable.meta` and `bf16_cosine`: the least cosine between the vectors in bfloat16 and
    torch's in fp32 on the example, or None on a CPU without bfloat16.

    Raises:
        ValueError: the exported model does not give what torch gives.
    """
    from mmexplore.encoders.registry import plan_of

    plan = plan_of(name, kind)  # before anything heavy: a wrong name ends here
    # The converter would report its use to its makers over the network unless it finds no telemetry package.
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    import openvino as ov
    import torch

    built = plan.build()
    example = tuple(torch.from_numpy(a) for a in built.example.values())
    # torch's fused attention kernel has no counterpart; the plain one computes the same.
    torch.backends.mha.set_fastpath_enabled(False)
    with torch.no_grad():
        traced = torch.jit.trace(built.module, example, check_trace=False)
        model = ov.convert_model(traced, example_input=example)
        expected = built.module(*(e[:-1] for e in example))[0].numpy()
    for port, input_name in zip(model.inputs, built.example, strict=True):
        port.get_tensor().set_names({input_name})
    for port, output_name in zip(model.outputs, built.outputs, strict=True):
        port.get_tensor().set_names({output_name})
    model.reshape({input_name: list(shape) for input_name, shape in built.shapes.items()})
    ov.save_model(model, folder / "model.xml", compress_to_fp16=built.half)
    del model, traced

    exact = _cosine(folder / "model.xml", built, expected, "f32")
    if not exact >= F32_COSINE:
        raise ValueError(f"the exported model differs from torch (cosine {exact:.5f})")
    bf16 = _cosine(folder / "model.xml", built, expected, "bf16") if cpu_has_bf16() else None
    meta = dict(built.meta) | {"bf16_cosine": bf16, "f32_cosine": exact}
    (folder / "meta.json").write_text(json.dumps(meta), encoding="utf-8")
    return folder / "model.xml"


def _cosine(xml: Path, built: Exportable, expected: np.ndarray, precision: str) -> float:
    """Least cosine to torch's vectors over the example without its last item (another batch size than traced)."""
    import openvino as ov

    core: Any = ov.Core()
    model = core.read_model(xml)
    vectors = ov.Model([model.output(built.outputs[0])], model.get_parameters(), "check")
    compiled = core.compile_model(vectors, "CPU", {"INFERENCE_PRECISION_HINT": precision})
    found = compiled({name: array[:-1] for name, array in built.example.items()})[0]
    length = np.linalg.norm(found, axis=1) * np.linalg.norm(expected, axis=1)
    return float(((found * expected).sum(1) / length).min())


def main(arguments: list[str]) -> int:
    if not arguments:
        from mmexplore.encoders.registry import prepare_offline

        prepare_offline(lambda name: print(f"prepared {name}", file=sys.stderr))
        return 0
    if len(arguments) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    name, kind, folder = arguments
    try:
        write_ir(name, kind, Path(folder))
    except UserError as error:
        print(json.dumps([error.what, error.where, error.remedy]), file=sys.stderr)
        return USER_ERROR
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
