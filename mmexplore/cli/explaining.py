"""The command that looks at one item closely: explain."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from mmexplore.cli.opening import opened
from mmexplore.cli.options import Json, Run
from mmexplore.cli.printing import print_json, print_table
from mmexplore.errors import UserError


def explain(
    run: Run,
    item: Annotated[str, typer.Option(help="The id of an item.")],
    between: Annotated[
        str | None, typer.Option(metavar="PICTURE,TEXT", help="The two modalities; the first of each kind by default.")
    ] = None,
    method: Annotated[
        str | None, typer.Option(help="grad-cam, relevance, attention or occlusion; by default the encoder's best.")
    ] = None,
    baseline: Annotated[
        str, typer.Option(help="What a hidden region shows: 'blurred picture' or 'mean colour'.")
    ] = "blurred picture",
    out: Annotated[Path | None, typer.Option(help="Write one self-contained HTML page instead.")] = None,
    as_json: Json = False,
) -> None:
    """Which words and which regions of an item's picture and text make them alike, and whether to believe it."""
    from mmexplore import journey

    image, text = [*between.split(","), ""][:2] if between else (None, None)
    seen = journey.explain_item(opened(run), item, method, baseline, image, text)
    if out is not None:
        from mmexplore.export.explanation import explanation_page

        try:
            out.write_text(explanation_page(seen, item), encoding="utf-8")
        except OSError as error:
            raise UserError(f"cannot be written ({error.strerror})", str(out), "choose another place") from error
        print(f"wrote {out}", file=sys.stderr)
    answer = journey.explained(seen)
    if as_json:
        print_json({"item": item} | answer)
    elif out is None:
        print(f"{answer['text']}: similarity {answer['similarity']:.3f} between {answer['between']}")
        if seen.reading is not None:
            print(seen.reading.sentence)
        print_table([{"word": w["word"], "score": f"{w['score']:+.4f}"} for w in answer["words"]], ["word", "score"])
        print(f"map of the whole text, {answer['method']}, thousandths; above 0 raises the similarity")
        cells = [{str(c): f"{1000 * v:+.1f}" for c, v in enumerate(row)} for row in answer["map"]]
        print_table(cells, [str(c) for c in range(answer["grid"][1])])
        regions = answer["faithfulness"]["regions"]
        print(
            f"insertion less deletion area {regions['map']['margin']:+.3f}; random orders "
            f"{regions['random']['margin_low']:+.3f} to {regions['random']['margin_high']:+.3f}; "
            f"centre first {regions['centre']['margin']:+.3f} (hidden: {regions['baseline']})"
        )
