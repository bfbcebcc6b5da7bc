"""How settings are read from a class: dataclasses, `__init__`, bases, and what is not declared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
import pytest

from mmexplore.errors import UserError
from mmexplore.models.param import Param, check_params, params_of, read_param

if TYPE_CHECKING:
    from nowhere import Thing


@dataclass(eq=False)
class Base:
    name: ClassVar[str] = "mine"
    width: Annotated[int, Param("Width", "How wide.", low=1, high=8, why="no wider fits")] = 4
    share: Annotated[float, Param("Share", "How much.", low=0, high=1)] = 0.5


@dataclass(eq=False)
class Mine(Base):
    share: float = 0.25  # another default, the same words
    kind: Annotated[Literal["round", "square"], Param("Kind", "Which.")] = "round"
    most: Annotated[int | None, Param("Most", "At most.", low=1, none="all")] = None
    thing: Thing | None = None
    objective: str | None = None
    random_state: int | None = 0


class Assigned:
    """A constructor that assigns; what the base class attribute says counts for it, its own argument first."""

    power: Annotated[float, Param("Power", "How strong.", low=0)]

    def __init__(self, power: float = 1.0, flag: Annotated[bool, Param("Flag", "Whether.")] = True, *rest: Any) -> None:
        self.power, self.flag = power, flag


class Louder(Assigned):
    def __init__(self, power: Annotated[float, Param("Loudness", "How loud.", low=2)] = 3.0, plain=7) -> None:
        self.power, self.plain = power, plain


def test_a_dataclass_keeps_the_order_and_the_words_of_its_base():
    found = params_of(Mine)
    assert list(found) == ["width", "share", "kind", "most", "thing"]
    assert (found["share"].label, found["share"].default, found["share"].type) == ("Share", 0.25, float)
    assert found["kind"].choices == ("round", "square") and found["kind"].type is str
    assert found["most"].optional and found["most"].type is int and found["most"].low == 1
    assert found["width"].allowed == "a whole number from 1 to 8 (no wider fits)"
    assert found["width"].about == "How wide. Allowed: from 1 to 8 (no wider fits)."
    assert found["most"].allowed == "a whole number of at least 1, or none (all)"


def test_an_annotation_only_a_type_checker_reads_does_no_harm():
    thing = params_of(Mine)["thing"]
    assert (thing.type, thing.label, thing.help) == (object, "Thing", "")
    check_params(Mine(thing=object()))  # type: ignore[arg-type]


def test_arguments_of_init_and_attributes_of_the_class():
    assert [(d.name, d.label, d.low) for d in params_of(Assigned).values()] == [
        ("power", "Power", 0),
        ("flag", "Flag", None),
    ]
    louder = params_of(Louder)
    assert (louder["power"].label, louder["power"].low, louder["plain"].type) == ("Loudness", 2, int)
    assert params_of(object) == {}


def test_numbers_of_numpy_are_numbers():
    check_params(Mine(width=np.int64(8), share=np.float32(0.5), most=np.int32(3)))  # type: ignore[arg-type]
    check_params(Assigned(flag=np.bool_(True)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ({"width": 9}, "mine: width is 9; give a whole number from 1 to 8 (no wider fits)."),
        ({"width": 4.0}, "mine: width is 4.0; give a whole number from 1 to 8 (no wider fits)."),
        ({"share": "x"}, "mine: share is 'x'; give a number from 0 to 1."),
        ({"share": None}, "mine: share is None; give a number from 0 to 1."),
        ({"kind": "flat"}, "mine: kind is 'flat'; give one of: round, square."),
        ({"kind": ["round"]}, "mine: kind is ['round']; give one of: round, square."),
        ({"most": 0}, "mine: most is 0; give a whole number of at least 1, or none (all)."),
    ],
)
def test_what_is_wrong_is_one_sentence(setting, sentence):
    with pytest.raises(UserError) as raised:
        check_params(Mine(**setting))
    assert str(raised.value) == sentence


@pytest.mark.parametrize(
    ("cls", "name", "text", "value"),
    [
        (Mine, "width", " 3 ", 3),
        (Mine, "width", "3.0", 3),
        (Mine, "share", "1e-1", 0.1),
        (Mine, "most", "None", None),
        (Assigned, "flag", "False", False),
        (Assigned, "flag", "on", True),
        (Assigned, "flag", "0", False),
    ],
)
def test_text_is_read_as_its_type(cls, name, text, value):
    read = read_param(cls, name, text)
    assert read == value and type(read) is type(value)


@pytest.mark.parametrize(("name", "text"), [("width", "3.5"), ("width", "none"), ("share", "1,5"), ("kind", "Round")])
def test_text_that_means_nothing_is_refused(name, text):
    with pytest.raises(UserError, match=name):
        read_param(Mine, name, text)
