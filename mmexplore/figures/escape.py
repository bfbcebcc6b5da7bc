"""What a person typed, made safe and short for a plotly text. Plotly reads its own small HTML, and LaTeX, in texts."""

from __future__ import annotations

import re
import unicodedata

# Short texts of visible ASCII without doubled spaces, by far the most, need no cleaning or wrapping.
_PLAIN = re.compile(r"(?:[!-~]+ )*[!-~]*")
_SPACES = re.compile(r"\s+")
# Joiners belong to emoji and to some scripts; direction marks and overrides can make a text lie about its order.
_KEPT_FORMAT = {"\u200c", "\u200d"}
# Numeric entities, because plotly knows few by name (not &quot;); "$" would start LaTeX where MathJax is loaded, and
# "%{" a template.
_ENTITIES = str.maketrans(
    {"&": "&#38;", "<": "&#60;", ">": "&#62;", '"': "&#34;", "'": "&#39;", "$": "&#36;", "%": "&#37;"}
)


def hover(text: object, width: int = 60, limit: int = 300) -> str:
    """A text for a hover box: escaped, control and direction characters removed, cut at `limit` characters, wrapped
    at `width` columns (joined by <br>). None gives ""."""
    content = "" if text is None else str(text)
    if len(content) <= min(width, limit) and _PLAIN.fullmatch(content):
        return content.translate(_ENTITIES)
    return "<br>".join(line.translate(_ENTITIES) for line in _wrap(_cut(clean(content), limit), width))


def label(text: object, limit: int = 30) -> str:
    """A text for a legend, an axis or a tick: one line, escaped and cleaned as in `hover`, cut at `limit`."""
    return _cut(clean("" if text is None else str(text)), limit).translate(_ENTITIES)


def clean(text: str) -> str:
    """One line of visible characters: white space folded, control and direction marks removed, broken ones shown."""
    if text.isprintable():  # nothing to remove: no control, format, surrogate or separator other than a space
        return _SPACES.sub(" ", text).strip()
    kept = []
    for character in text:
        category = unicodedata.category(character)
        if category == "Cs":  # half of a character: would break the JSON that goes to the browser
            kept.append("\ufffd")
        elif category in ("Zl", "Zp") or character.isspace():
            kept.append(" ")
        elif category == "Cc" or (category == "Cf" and character not in _KEPT_FORMAT):
            continue
        else:
            kept.append(character)
    return _SPACES.sub(" ", "".join(kept)).strip()


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: max(limit - 1, 0)].rstrip() + "…"


def _columns(text: str) -> int:
    """Columns a text takes: East Asian wide characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in text)


def _wrap(text: str, width: int) -> list[str]:
    """Lines of at most `width` columns, broken at spaces where there are any."""
    lines, line, used = [], "", 0
    for word in text.split(" "):
        room = _columns(word)
        if line and used + 1 + room > width:
            lines.append(line)
            line, used = "", 0
        if room <= width:
            line, used = (f"{line} {word}", used + 1 + room) if line else (word, room)
            continue
        for character in f" {word}" if line else word:  # one long word, or a script without spaces
            step = _columns(character)
            if used + step > width:
                lines.append(line)
                line, used = "", 0
            line, used = line + character, used + step
    return [*lines, line] if line or not lines else lines
