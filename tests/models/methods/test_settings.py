"""Every setting of every discovered method is declared: a label and a help in words, bounds that are enforced."""

from __future__ import annotations

import inspect
import math
import re

import pytest

from mmexplore.errors import UserError
from mmexplore.models.methods import all_methods, make
from mmexplore.models.param import COMMON, Declared, check_params, params_of, read_param

SETTINGS = [(cls, declared) for cls in all_methods().values() for declared in params_of(cls).values()]
every_method = pytest.mark.parametrize("cls", all_methods().values(), ids=all_methods())
every_setting = pytest.mark.parametrize(("cls", "declared"), SETTINGS, ids=[f"{c.name}-{d.name}" for c, d in SETTINGS])


def beyond(declared: Declared) -> list[float]:
    """The nearest values outside the bounds."""
    step = (lambda v, to: v + math.copysign(1, to)) if declared.type is int else math.nextafter
    low = [] if declared.low is None else [step(declared.low, -math.inf)]
    return low + ([] if declared.high is None else [step(declared.high, math.inf)])


@every_method
def test_every_argument_of_the_constructor_is_a_setting_in_its_order(cls):
    arguments = [name for name in inspect.signature(cls).parameters if name not in COMMON]
    assert list(params_of(cls)) == arguments
    assert not set(COMMON) & set(params_of(cls))


@every_method
def test_defaults_pass_and_a_round_trip_keeps_them(cls):
    method = cls()
    check_params(method)
    params = method.get_params()
    assert type(method)(**params).get_params() == params
    assert {n: d.default for n, d in params_of(cls).items()} == {n: v for n, v in params.items() if n not in COMMON}


@every_setting
def test_a_setting_is_told_in_words(cls, declared):
    assert declared.type in (int, float, bool, str)
    assert declared.label[0].isupper() and "_" not in declared.label and len(declared.label) <= 30, "a box shows 30"
    assert len(declared.label) > 3 and declared.label != declared.name
    assert declared.help.endswith(".") and len(declared.help.split()) >= 8
    assert re.match(r"[A-Z]", declared.help) and "  " not in declared.help
    assert "`" not in declared.help, "help is shown as it stands"
    assert not declared.why.endswith(".") and not declared.why[:1].isupper()


@every_setting
def test_numbers_have_bounds_and_they_are_enforced(cls, declared):
    if declared.type not in (int, float) or declared.choices:
        assert declared.low is None and declared.high is None
        return
    assert declared.low is not None, "every number here has a smallest value"
    for value in (declared.low, declared.high):
        if value is not None:
            check_params(cls(**{declared.name: declared.type(value)}))
    for value in [*beyond(declared), *([] if declared.optional else [None]), "abc", math.nan, math.inf, True]:
        with pytest.raises(UserError) as raised:
            check_params(cls(**{declared.name: value}))
        assert raised.value.where == cls.name and declared.name in raised.value.what
        assert declared.bounds in raised.value.remedy and declared.bounds


@every_setting
def test_what_is_typed_is_what_is_meant(cls, declared):
    values = [declared.default, *declared.choices, *([True, False] if declared.type is bool else [])]
    values += [declared.type(v) for v in (declared.low, declared.high) if v is not None]
    for value in values + ([None] if declared.optional else []):
        read = read_param(cls, declared.name, str(value))
        assert read == value and type(read) is type(value)
    if declared.type is not str or declared.choices:
        with pytest.raises(UserError, match=declared.name):
            read_param(cls, declared.name, "abc")


@every_method
def test_an_unknown_setting_lists_the_known(cls):
    for ask in (lambda: read_param(cls, "nope", "1"), lambda: make(cls.name, {"nope": 1})):
        with pytest.raises(UserError, match="no setting 'nope'") as raised:
            ask()
        assert all(name in raised.value.remedy for name in params_of(cls))


@every_method
def test_the_json_of_a_method_has_its_settings(cls):
    listed = cls.describe()["parameters"]
    assert [entry["name"] for entry in listed] == list(params_of(cls))
    assert all(
        entry["label"] and entry["help"] and entry["type"] in ("int", "float", "bool", "str") for entry in listed
    )


def test_a_step_of_the_journey_checks_before_it_works():
    with pytest.raises(UserError, match=re.escape("concat: width is 0; give a whole number from 1 to 4,096")):
        make("concat", {"width": 0}, "fusion")
