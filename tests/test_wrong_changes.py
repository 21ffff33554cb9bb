"""Wrong files, `extends`, changes and options: each with exactly what is said, and where."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from conftest import conv, spec
from test_wrong_rows import CELLS, CLAIMS, FORMULAS, NAMES
from test_wrong_specs import KEYS, SIZE, YAML
from test_wrong_structure import LIMITS, SHAPES, STRUCTURE

import archspec
from archspec.language.diagnostics import CODES

BASE = spec("{id: c, type: conv, patch: 3x3, filters: 4}", "{id: p, type: max pool, patch: 2x2}")
VARIANT = "extends: ./base.yaml\nname: v\n"
OUTSIDE = "name a shipped spec, or a file at or below that folder"
FILES = {
    "base.yaml": BASE,
    "one.yaml": "extends: ./two.yaml\nname: one\n",
    "two.yaml": "extends: ./one.yaml\nname: two\n",
    "sub/up.yaml": "extends: ../../base.yaml\nname: up\n",
}

EXTENDS = {
    "itself": (
        "extends: ./net.yaml\nname: v\n",
        [("1:10", "cyclic-extends", "-", "the specs extend each other in a circle: net extends net")],
    ),
    "a circle": (
        "extends: ./one.yaml\nname: v\n",
        [
            (
                *("two.yaml:1:10", "cyclic-extends", "-"),
                "the specs extend each other in a circle: net extends one extends two extends one",
            )
        ],
    ),
    "file above": (
        "extends: ../base.yaml\nname: v\n",
        [("1:10", "escaping-path", "-", "`../base.yaml` leaves the folder of the spec", OUTSIDE)],
    ),
    "absolute path": (
        "extends: /etc/hosts.yaml\nname: v\n",
        [("1:10", "escaping-path", "-", "`/etc/hosts.yaml` leaves the folder of the spec", OUTSIDE)],
    ),
    "file below that leaves the folder": (
        "extends: ./sub/up.yaml\nname: v\n",
        [("sub/up.yaml:1:10", "escaping-path", "-", "`../../base.yaml` leaves the folder of the spec", OUTSIDE)],
    ),
    "missing file": (
        "extends: ./none.yaml\nname: v\n",
        [("1:10", "bad-file", "-", "none.yaml: there is no such file")],
    ),
    "directory": ("extends: ./sub/\nname: v\n", [("1:10", "bad-file", "-", "sub: this is a directory")]),
    "unknown name": (
        "extends: googlenett\nname: v\n",
        [("1:10", "unknown-spec", "-", "no shipped spec is called `googlenett`", "did you mean `googlenet`?")],
    ),
    "file without its ending": (
        "extends: base\nname: v\n",
        [
            (
                *("1:10", "unknown-spec", "-", "no shipped spec is called `base`"),
                "did you mean `base.yaml`?",
            )
        ],
    ),
    "list": (
        "extends: [./base.yaml]\nname: v\n",
        [("1:10", "bad-value", "-", "`extends` must be the name of a spec, or a file")],
    ),
    "document that extends nothing": (
        BASE + "---\nname: v\ninput: 8x8x3\n",
        [("7:1", "bad-value", "-", "a second document in a file extends the one before it, and says `extends`")],
    ),
}

CHANGES = {
    "unknown key": (
        VARIANT + "rowss: {}\n",
        [("3:1", "unknown-key", "-", "`rowss` is not a key here", "did you mean `rows`?")],
    ),
    "no name": ("extends: ./base.yaml\n", [("1:1", "missing-key", "-", "the key `name` is missing")]),
    "rows as a list": (
        VARIANT + "rows:\n  - relu\n",
        [("4:3", "bad-value", "-", "`rows` of a spec that extends another is a mapping of changes, from path to cells")],
    ),
    "row that is not there": (
        VARIANT + "rows:\n  cc: {filters: 3}\n",
        [("4:3", "unknown-path", "-", "`cc` is neither a row nor a column of a row", "did you mean `c`?")],
    ),
    "new row without a type": (
        VARIANT + "rows:\n  tail: {filters: 3}\n",
        [("4:3", "unknown-path", "-", "`tail` is neither a row nor a column of a row", "a new row needs a type")],
    ),
    "pattern that meets nothing": (
        VARIANT + "rows:\n  'x*': {filters: 3}\n",
        [("4:3", "unknown-path", "-", "`x*` is neither a row nor a column of a row")],
    ),
    "column that is not there": (
        VARIANT + "rows:\n  c: {filtres: 3}\n  c.bais: no\n",
        [
            ("4:7", "unknown-column", "c", "`filtres` is not a column of conv", "did you mean `filters`?"),
            ("5:3", "unknown-path", "-", "`c.bais` is neither a row nor a column of a row", "did you mean `c.bias`?"),
        ],
    ),
    "value that the column does not take": (
        VARIANT + "rows:\n  c: {filters: many, stride: 0}\n",
        [
            ("4:16", "bad-value", "c", "filters must be a positive whole number, found `many`"),
            ("4:30", "bad-value", "c", "stride must be a size such as 3 or 3x3, found `0`"),
        ],
    ),
    "row as a word": (
        VARIANT + "rows:\n  c: relu\n",
        [("4:6", "bad-change", "-", "`c` is a row: its change is a mapping of cells, or null, found `relu`")],
    ),
    "path with an empty word": (
        VARIANT + "rows:\n  c..filters: 3\n",
        [("4:3", "bad-change", "-", "`c..filters` is not a path such as inception_3a.n5x5")],
    ),
    "after a row that is not there": (
        VARIANT + "rows:\n  n: {type: relu, after: pp}\n",
        [("4:26", "unknown-row", "-", "no row of this list is called `pp`", "did you mean `p`?")],
    ),
    "after, for a row that exists": (
        VARIANT + "rows:\n  c: {after: p}\n",
        [("4:7", "bad-change", "-", "`after` is for a new row, but `c` exists")],
    ),
    "new row of an unknown type": (
        VARIANT + "rows:\n  n: {type: relo}\n",
        [("4:13", "unknown-type", "n", "`relo` is neither an op nor a block", "did you mean `relu`?")],
    ),
    "kernel larger than the map": (
        VARIANT + "rows:\n  c: {patch: 9x9, padding: valid}\n",
        [("4:14", "shape-mismatch", "c", "a 9x9 window does not fit on the 8x8 map")],
    ),
    "output size that the variant states again": (
        VARIANT + "rows:\n  c: {output size: 8x8x5}\n",
        [("4:20", "output-size", "c", "the output size is stated as 8x8x5, but 8x8x4 comes out")],
    ),
}


def option(change: str, column: int, code: str, message: str, *, row: str = "-", hint: str | None = None) -> tuple[list, list]:
    """One change on the command line, and what is said of it at a column of its text."""
    return [change], [(f"1:{column}", code, row, message, *([hint] if hint else []))]


NO_PATH = "is neither a row nor a column of a row"
SETS = {
    "row": option("cc.filters=3", 1, "unknown-path", f"`cc.filters` {NO_PATH}", hint="did you mean `c.filters`?"),
    "column": option("c.filtres=3", 1, "unknown-path", f"`c.filtres` {NO_PATH}", hint="did you mean `c.filters`?"),
    "value": option("c.filters=many", 11, "bad-value", "filters must be a positive whole number, found `many`", row="c"),
    "formula": option(
        *("c.filters==2 * widht", 16, "unknown-name", "nothing here is called `widht`"), row="c", hint="did you mean `in_width`?"
    ),
    "type": option(
        *("c.type=relo", 8, "unknown-type", "`relo` is neither an op nor a block"), row="c", hint="did you mean `relu`?"
    ),
    "tag": option("c.filters=!x 3", 11, "yaml-tag", "the tag !x is not allowed"),
    "no equals sign": option(
        *("c.filters", 1, "bad-change", "`c.filters` is not path=value"), hint="for example --set inception_3a.n5x5=64"
    ),
    "no path": option("=3", 1, "bad-change", "`=3` is not path=value"),
    "no value": option("c.filters=", 1, "bad-change", "`c.filters=` is not path=value"),
    "var": option("vars.w=3", 1, "unknown-path", "the spec has no var `w`"),
    "vars without a name": option("vars=3", 1, "bad-change", "a change of `vars` has the form vars.name"),
    "default of a type": option(
        *("defaults.convv.bias=no", 1, "unknown-type", "`convv` is neither an op nor a block"),
        hint="did you mean `conv`?",
    ),
    "default of a column": option(
        *("defaults.conv.bais=no", 1, "unknown-column", "`bais` is not a column of conv"), hint="did you mean `bias`?"
    ),
    "name": option("name=x", 1, "bad-change", "`name` cannot be changed by a path", hint="write a spec that extends this one"),
    "input": option("input=7x7", 7, "bad-value", f"`input` must be {SIZE}, found `7x7`"),
    "several": (
        ["c.filters=9", "cc=null", "c.filters=x"],
        [
            ("1:1", "unknown-path", "-", f"`cc` {NO_PATH}"),
            ("1:11", "bad-value", "c", "filters must be a positive whole number, found `x`"),
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), EXTENDS.values(), ids=EXTENDS)
def test_extends(text, expected, expect):
    """A spec may extend a shipped name, or a file at or below its own folder."""
    expect(text, expected, FILES)


@pytest.mark.parametrize(("text", "expected"), CHANGES.values(), ids=CHANGES)
def test_changes(text, expected, expect):
    """An error that a variant makes stands in the variant."""
    expect(text, expected, FILES)


@pytest.mark.parametrize(("changes", "expected"), SETS.values(), ids=SETS)
def test_set(changes, expected, expect):
    """An error that an option makes stands in the option, at the character of its text."""
    expect(BASE, [(f"--set:{place}", *rest) for place, *rest in expected], set=changes)


def test_link_out_of_the_folder(folder, expect):
    """Links are resolved before a path is judged."""
    (folder / "inside").mkdir()
    (folder / "base.yaml").write_text(BASE)
    (folder / "inside" / "link.yaml").symlink_to(folder / "base.yaml")
    (folder / "inside" / "net.yaml").write_text("extends: ./link.yaml\nname: v\n")
    (one,) = archspec.check("inside/net.yaml")
    assert (one.code, one.message, str(one.place)) == (
        "escaping-path",
        "`./link.yaml` leaves the folder of the spec",
        "inside/net.yaml:1:10",
    )


@pytest.mark.parametrize(
    ("name", "code", "message", "hint"),
    [
        ("none.yaml", "bad-file", "there is no such file", None),
        ("sub/", "bad-file", "this is a directory", None),
        ("/dev/zero", "bad-file", "this is not a regular file", None),
        ("a\0.yaml", "bad-file", "the path cannot be used: embedded null byte", None),
        ("googlenett", "unknown-spec", "no shipped spec is called `googlenett`", "did you mean `googlenet`?"),
    ],
)
def test_names_of_specs(name, code, message, hint, folder):
    """A name that leads to no readable file."""
    (folder / "sub").mkdir()
    (one,) = archspec.check(name)
    assert (one.code, one.message, one.hint, one.place.line, one.place.column) == (code, message, hint, 1, 1)


def test_input_that_the_rows_do_not_suit(expect):
    """What is wrong only because of --input is said of --input, with the row related."""
    message = "a 2x2 window does not fit on the 1x8 map"
    expect(BASE, [("--input:1:1", "shape-mismatch", "p", message)], input="1x8x3")


def test_command_line(folder):
    """The command answers with the same diagnostics, exit status 2, and no traceback."""
    (folder / "net.yaml").write_text(conv("filters: 0, bias: maybe"))
    run = [sys.executable, "-m", "archspec", "check", "net.yaml"]
    told = subprocess.run([*run, "--format", "json"], capture_output=True, text=True, check=False)
    assert told.returncode == 2
    assert json.loads(told.stdout)["diagnostics"] == [one.as_dict() for one in archspec.check("net.yaml")]
    shown = subprocess.run(run, capture_output=True, text=True, check=False)
    assert (shown.returncode, shown.stdout) == (2, "net.yaml: 2 errors\n")
    assert shown.stderr == (
        "net.yaml:4:46: error[bad-value]: row c: filters must be a positive whole number, found `0`\n"
        "    4 |   - {id: c, type: conv, patch: 3x3, filters: 0, bias: maybe}\n"
        "      |                                              ^\n\n"
        "net.yaml:4:55: error[bad-value]: row c: bias must be true or false, found `maybe`\n"
        "    4 |   - {id: c, type: conv, patch: 3x3, filters: 0, bias: maybe}\n"
        "      |                                                       ^^^^^\n"
    )


def test_every_kind_of_error_has_a_case():
    """The tables hold each code; the build has the rest."""
    tables = (YAML, KEYS, CELLS, FORMULAS, CLAIMS, NAMES, SHAPES, STRUCTURE, LIMITS, EXTENDS, CHANGES, SETS)
    held = {one[1] for table in tables for _, expected in table.values() for one in expected}
    elsewhere = {"bad-weights", "bad-study", "too-large", "unsupported", "unused-row", "duplicate-type"}  # in files of their own
    elsewhere |= {"bad-argument", "bad-data", "bad-run", "diverged", "missing-option", "unknown-class"}
    assert set(CODES) - held == elsewhere
