"""The built-in examples: real and planted pairs that come with the installation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from mmexplore.data.dataset import PairedDataset
from mmexplore.data.examples import digits, emoji, planted
from mmexplore.data.origin import made_by
from mmexplore.errors import UserError


@dataclass(frozen=True)
class Example:
    """What a person reads before opening it, and `load(**options)`, which makes the pairs."""

    title: str
    summary: str
    source: str
    licence: str
    load: Callable[..., PairedDataset]


def _planted(**options) -> PairedDataset:
    return planted.planted(**options)[0]


EXAMPLES: dict[str, Example] = {
    "emoji": Example(emoji.TITLE, emoji.SUMMARY, emoji.SOURCE, emoji.LICENCE, emoji.load_emoji),
    "planted": Example(planted.TITLE, planted.SUMMARY, planted.SOURCE, planted.LICENCE, _planted),
    "digits": Example(digits.TITLE, digits.SUMMARY, digits.SOURCE, digits.LICENCE, digits.load_digits),
}


def load_example(name: str, **options) -> PairedDataset:
    """The pairs of a built-in example.

    Args:
        name: a key of `EXAMPLES`.
        options: of the example's own loader (`n` for emoji; the sliders of `planted`).

    Raises:
        UserError: no example has this name, or it does not take these options.
    """
    if name not in EXAMPLES:
        raise UserError(f"no example is called {name!r}", "example", f"choose one of: {', '.join(EXAMPLES)}")
    try:
        return replace(EXAMPLES[name].load(**options), origin=made_by(name, options))
    except TypeError as error:
        if "unexpected keyword argument" not in str(error):
            raise
        raise UserError(f"it does not take these options ({error})", f"example {name}", "leave them out") from error
