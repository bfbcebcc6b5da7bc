"""What is absent, in one neutral sentence, where a number on the page depends on it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mmexplore.app.kit.widgets import one_line

NAMED = 6  # modalities; the others are counted


def absent(present: Mapping[str, np.ndarray], these: bool = False) -> str:
    """ "Absent: sound in 403 of 519 rows, text_zh in 68." (most first), "" where nothing is.

    Args:
        present: modality -> bool [N].  these: the rows were spoken of just before.
    """
    lacking = sorted(((int((~there).sum()), m) for m, there in present.items()), key=lambda found: -found[0])
    lacking = [(n, m) for n, m in lacking if n]
    if not lacking:
        return ""
    total = len(present[lacking[0][1]])
    said = [f"{one_line(m, 40)} in {n:,}" for n, m in lacking[:NAMED]]
    said[0] += f" of {'these ' if these else ''}{total:,} rows"
    more = f" and {len(lacking) - NAMED:,} more modalities" if len(lacking) > NAMED else ""
    return f"Absent: {', '.join(said)}{more}."
