"""Formulas: what they give, and what they refuse at which character. Nothing in them can run code, or run for long."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from archspec.language.formula import FormulaError, evaluate

NAMES = {"in_channels": 96, "t": 6, "half": 0.5, "patch": (3, 3), "wide": (1, 7), "norm": None, "on": True, "mode": "same"}

GOOD = {
    "=1": 1,
    "= 1 ": 1,
    "=t * in_channels": 576,
    "=in_channels / 2": 48.0,
    "=in_channels // 7": 13,
    "=in_channels % 7": 5,
    "=2 ** 10": 1024,
    "=2 ** -1": 0.5,
    "=-t + +t": 0,
    "=1 - 2 - 3": -4,
    "=2 ** 3 ** 2": 512,
    "=-2 ** 2": -4,
    "=(1 + 2) * 3": 9,
    "=1e-3": 0.001,
    "=1.5e3": 1500.0,
    "=9223372036854775807": 2**63 - 1,
    "=2 if t == 6 else 1": 2,
    "=2 if t > 6 else 1": 1,
    "=1 if on else 1 / 0": 1,
    "=1 < t <= 6": True,
    "=1 < t < 6": False,
    "=not norm": True,
    "=on and t": 6,
    "=norm or half": 0.5,
    "=not on or t >= 6": True,
    "=norm == none": True,
    "=on == true": True,
    "=false": False,
    "=none": None,
    "=mode == 'same'": True,
    '=mode != "valid"': True,
    "=mode": "same",
    "=patch == 3": True,
    "=patch == 1": False,
    "=wide == 7": False,
    "=3 == patch": True,
    "=patch != wide": True,
    "=min(t, 4, 9)": 4,
    "=max(t, in_channels)": 96,
    "=ceil(2.1)": 3,
    "=floor(2.9)": 2,
    "=floor(-2.1)": -3,
    "=round(2.5)": 3,
    "=round(3.5)": 4,
    "=round(-2.5)": -2,
    "=sqrt(9)": 3.0,
    "=log(8, 2)": 3.0,
    "=log(1)": 0.0,
    # Howard et al. 2017, code: the nearest multiple of 8, at least 8, never below 90 % of the value
    "=round_to(24, 8)": 24,
    "=round_to(3, 8)": 8,
    "=round_to(11, 8)": 16,
    "=round_to(20, 8)": 24,
    "=round_to(83.2, 8)": 80,
    "=round_to(35, 8)": 32,
}

BAD = [
    # code, what the message holds, offset, formula
    ("formula-syntax", "the formula is empty", 0, "="),
    ("formula-syntax", "the formula is empty", 0, "=  "),
    ("formula-syntax", "malformed", 3, "=2 *"),
    ("formula-syntax", "malformed", 4, "=1 +* 2"),
    ("formula-syntax", "malformed", 2, "=4)"),
    ("formula-syntax", "malformed", 3, "=3 4"),
    ("formula-syntax", "at most 500 characters", 0, "=" + "1+" * 300 + "1"),
    ("formula-syntax", "nested too deeply", None, "=" + "-" * 100 + "1"),
    ("formula-syntax", "no attributes", 1, "=t.real"),
    ("formula-syntax", "no attributes", 5, "=1 + t.__class__"),
    ("formula-syntax", "no subscripts", 1, "=patch[0]"),
    ("formula-syntax", "no lambda", 1, "=lambda: 1"),
    ("formula-syntax", "no lists", 1, "=[1, 2]"),
    ("formula-syntax", "no lists", 1, "=(1, 2)"),
    ("formula-syntax", "no mappings", 1, "={1: 2}"),
    ("formula-syntax", "no format strings", 1, "=f'{t}'"),
    ("formula-syntax", "malformed", None, "=t:=3"),
    ("formula-syntax", "formulas have no", 1, "=[x for x in patch]"),
    ("formula-syntax", "malformed", None, "=yield"),
    ("formula-syntax", "formulas have the operators", 1, "=t @ t"),
    ("formula-syntax", "formulas have the operators", 1, "=t & 3"),
    ("formula-syntax", "formulas have the operators", 1, "=~t"),
    ("formula-syntax", "==, !=, <, <=, > and >= only", 1, "=1 in patch"),
    ("formula-syntax", "==, !=, <, <=, > and >= only", 1, "=norm is none"),
    ("formula-syntax", "`1j` is not a number", 1, "=1j"),
    ("formula-syntax", "cannot call `eval`", 1, "=eval('1')"),
    ("formula-syntax", "cannot call `t`", 5, "=1 + t(2)"),
    ("formula-syntax", "`min` takes 2 to 20 values", 1, "=min(1)"),
    ("formula-syntax", "`round` takes 1 value", 1, "=round(2.5, 1)"),
    ("formula-syntax", "`min` takes 2 to 20 values", 1, "=min(*patch)"),
    ("formula-syntax", "`log` takes 1 to 2 values", 1, "=log(8, base=2)"),
    ("unknown-name", "nothing here is called `tt`", 5, "=1 + tt"),
    ("unknown-name", "nothing here is called `__import__`", 1, "=__import__"),
    ("formula-value", "1 / 0 divides by zero", 1, "=1 / 0"),
    ("formula-value", "96 // 0 divides by zero", 5, "=1 + in_channels // (t - 6)"),
    ("formula-value", "5 % 0 divides by zero", 1, "=5 % 0"),
    ("formula-value", "9 ** 387420489 is too large", 1, "=9**9**9"),
    ("formula-value", "10 ** 999999999 is too large", 1, "=10 ** 999999999"),
    ("formula-value", "the value is too large", 1, "=9223372036854775807 + 1"),
    ("formula-value", "the value is too large", 1, "=99999999999999999999"),
    ("formula-value", "not finite", 1, "=1e308 * 10"),
    ("formula-value", "not finite", 1, "=1e999"),
    ("formula-value", "sqrt(-1) is not a number", 1, "=sqrt(-1)"),
    ("formula-value", "log(0) is not a number", 1, "=log(0)"),
    ("formula-value", "is not a number", 1, "=(-8) ** 0.5"),
    ("formula-value", "`same` is not a number", 5, "=1 + mode"),
    ("formula-value", "`none` is not a number", 1, "=norm * 2"),
    ("formula-value", "is not a number", 1, "=on + 1"),
    ("formula-value", "is not a number", 5, "=2 * patch"),
    ("formula-value", "only numbers can be compared by size", 1, "=mode < 3"),
]


@pytest.mark.parametrize("text", GOOD)
def test_value(text):
    """The value, and its kind: a whole number stays one."""
    value = evaluate(text, NAMES)
    assert value == GOOD[text]
    assert type(value) is type(GOOD[text])


@pytest.mark.parametrize(("code", "message", "offset", "text"), BAD, ids=[bad[-1][:40] for bad in BAD])
def test_refusal(code, message, offset, text):
    """The code, the message, and the character (from 0, the = is the first) at which the fault begins."""
    with pytest.raises(FormulaError) as caught:
        evaluate(text, NAMES)
    assert caught.value.code == code
    assert message in str(caught.value)
    assert offset in (None, caught.value.offset)
    assert 0 <= caught.value.offset < len(text)
    assert caught.value.width >= 1


@pytest.mark.parametrize(
    "text",
    [
        '=__import__("os").system("echo run > proof")',
        '=open("proof", "w")',
        "=eval(\"open('proof', 'w')\")",
        "=().__class__.__base__.__subclasses__()",
        "=[c for c in ().__class__.__base__.__subclasses__()]",
        "=f\"{open('proof', 'w')}\"",
        '=(lambda: open("proof", "w"))()',
        '=min(open("proof", "w"), 1)',
        '=1 if open("proof", "w") else 2',
        '=exec("import os")',
    ],
)
def test_no_code_runs(text, folder):
    """Every way to Python is refused before anything is evaluated."""
    with pytest.raises(FormulaError) as caught:
        evaluate(text, NAMES)
    assert caught.value.code == "formula-syntax"
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "text",
    [
        "=" + "9**" * 100 + "9",
        "=" + "(" * 249 + "1" + ")" * 249,
        "=" + "-" * 498 + "1",
        "=" + "not " * 124 + "1",
        "=" + "9" * 499,
        "=" + "*".join(["9e300"] * 80),
        "=2**62*2**62*2**62",
        "=max(" + ",".join(["2**62"] * 20) + ")**2",
        "=10**18%7**22*10**18",
    ],
)
def test_explosions_are_refused_at_once(text):
    """Long, deep and huge formulas."""
    start = time.monotonic()
    with pytest.raises(FormulaError):
        evaluate(text, NAMES)
    assert time.monotonic() - start < 0.5


WORDS = (
    "** * / // % + - ( ) , < == if else and or not min( max( round( sqrt( log( round_to( true none 'a' . [ ] 1e308 9 63 0 \n \0"
)
PIECES = st.sampled_from([*NAMES, *WORDS.split(" ")])


def answer(text: str) -> None:
    """A value of the kinds that formulas have, or FormulaError within a second."""
    start = time.monotonic()
    try:
        value = evaluate(text, NAMES)
    except FormulaError as error:
        value = error.offset
    assert value is None or isinstance(value, bool | int | float | str | tuple)
    assert not isinstance(value, int | float) or math.isfinite(value)
    assert not isinstance(value, int) or abs(value) < 2**63
    assert time.monotonic() - start < 1


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(max_size=60))
@example("\0")
@example("#")
@example("1 # 2")
@example("\\\n1")
@example("1\n+ 2")
@example("\u216b")
def test_random_text(text):
    """Any text gives a value or FormulaError."""
    answer("=" + text)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(st.lists(PIECES, max_size=30).map(" ".join))
def test_random_formulas(text):
    """So do texts that look like formulas."""
    answer("=" + text)
