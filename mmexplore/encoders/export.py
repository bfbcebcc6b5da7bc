"""`python -m mmexplore.encoders.export [NAME FOLDER]`: write a model as OpenVINO IR into a folder.

Runs in a process of its own, the only one that imports torch for an encoder that ships with the installation.
Without arguments it prepares every encoder that works offline (what `make setup` calls).
"""

from __future__ import annotations

import sys
from pathlib import Path


def write_ir(name: str, folder: Path) -> Path:
    """Trace the torch module of encoder `name` and save it as `folder`/model.xml (fp32)."""
    # The converter would report its use to its makers over the network unless it finds no telemetry package.
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    import openvino as ov
    import torch

    from mmexplore.encoders.registry import plan_of

    built = plan_of(name).build()
    with torch.inference_mode():
        example = tuple(torch.from_numpy(a) for a in built.example.values())
        model = ov.convert_model(built.module, example_input=example)
    for port, input_name in zip(model.inputs, built.example, strict=True):
        port.get_tensor().set_names({input_name})
    for port, output_name in zip(model.outputs, built.outputs, strict=True):
        port.get_tensor().set_names({output_name})
    model.reshape({input_name: list(shape) for input_name, shape in built.shapes.items()})
    ov.save_model(model, folder / "model.xml", compress_to_fp16=False)
    return folder / "model.xml"


def main(arguments: list[str]) -> int:
    if len(arguments) == 2:
        write_ir(arguments[0], Path(arguments[1]))
        return 0
    if arguments:
        print(__doc__, file=sys.stderr)
        return 2
    from mmexplore.encoders.registry import prepare_offline

    prepare_offline(lambda name: print(f"prepared {name}", file=sys.stderr))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
