"""Write the exact parts of the four gates (needs the extra `information`): python scripts/make_gates.py."""

from __future__ import annotations

import json

from mmexplore.attribution.pid import GATE_FILE, GATES, exact


def main() -> None:
    # to a millionth of a bit: what is beyond is the solver's, and differs between machines
    parts = {name: [round(float(bits), 6) + 0.0 for bits in exact(table).as_array()] for name, table in GATES.items()}
    text = "{\n" + ",\n".join(f" {json.dumps(name)}: {json.dumps(bits)}" for name, bits in parts.items()) + "\n}\n"
    GATE_FILE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
