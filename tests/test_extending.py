"""Types from elsewhere: plug-ins by entry points, ops of a program, and files of blocks that a spec uses."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from conftest import spec
from torch import nn

import archspec
import archspec.ops
from archspec.language.values import Count
from archspec.ops import Cost, Op, Shape, column

ROOT = Path(__file__).parent.parent
PATCHES = spec("{id: stem, type: patch stem, patch: 4, filters: 6}", "{id: fc, type: linear, filters: 3}")


def run(script: str, *folders: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A fresh process that finds the packages of some folders."""
    paths = ":".join(map(str, (*folders, ROOT)))
    return subprocess.run(
        [sys.executable, "-c", script], cwd=cwd, env={"PYTHONPATH": paths}, capture_output=True, text=True, check=False
    )


# plug-ins


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example package, installed into a folder of its own."""
    folder = tmp_path_factory.mktemp("site")
    words = ["install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--target", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", *words, str(ROOT / "examples" / "plugin")], check=True)
    return folder


def test_the_example_package_brings_an_op_and_a_block(plugin: Path, tmp_path: Path) -> None:
    """Counted in closed form and by fvcore, built and run; nothing of it is imported before a spec names it."""
    (tmp_path / "net.yaml").write_text(PATCHES)
    (tmp_path / "plain.yaml").write_text(spec("relu"))
    script = """
import sys, archspec
assert not archspec.check("plain.yaml")
assert "archspec_patches" not in sys.modules
report = archspec.report("net.yaml", depth=2, counter="fvcore").data()
assert report["totals"]["fvcore"]["flops"] == report["totals"]["fvcore"]["closed"] > 0
assert [row["type"] for row in report["rows"][0]["rows"]] == ["space to depth", "conv", "layer norm"]
import torch
model = archspec.build("net.yaml").eval()
x = torch.randn(2, 3, 8, 8)
assert torch.equal(model.stem.cut(x), torch.nn.functional.pixel_unshuffle(x, 4))
assert model(x).shape == (2, 3)
(wrong,) = archspec.check("net.yaml", input="9x8x3")
assert (wrong.code, wrong.message) == ("shape-mismatch", "blocks of 4x4 do not divide the 9x8 map"), wrong
"""
    done = run(script, plugin, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr


def installed(folder: Path, name: str, points: str, files: dict[str, str]) -> Path:
    """A package as pip leaves it: its modules, and the metadata with its entry points."""
    for path, text in {
        f"{name}-1.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n",
        f"{name}-1.dist-info/entry_points.txt": points,
        **files,
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


OP = """
from archspec.ops import Op
class Own(Op):
    "An op."
    name = "own op"
"""
POINT = "[archspec.ops]\nown_op = one.ops:Own\n"
BLOCK = "about: a block\nbody: relu\n"
BROKEN: dict[str, tuple[str, dict[str, str], str, str]] = {
    "an op that archspec has": (
        *("[archspec.ops]\nconv = one.ops:Own\n", {}, "duplicate-type"),
        "the op `conv` is in conv = one.ops:Own of one and in archspec",
    ),
    "an op with the name of a block": (
        *("[archspec.ops]\ninception = one.ops:Own\n", {}, "duplicate-type"),
        "the op `inception` is in inception = one.ops:Own of one and in archspec",
    ),
    "a block that archspec has": (
        *("[archspec.blocks]\nmine = one.blocks\n", {"one/blocks/inception.yaml": BLOCK}, "duplicate-type"),
        "the block `inception` is in mine = one.blocks of one and in archspec",
    ),
    "a block with the name of an op": (
        *("[archspec.blocks]\nmine = one.blocks\n", {"one/blocks/max_pool.yaml": BLOCK}, "duplicate-type"),
        "the block `max pool` is in mine = one.blocks of one and in archspec",
    ),
    "not an op": (
        *("[archspec.ops]\nown_op = one.ops:Op\n", {}, "bad-value"),
        "own_op = one.ops:Op of one is not an Op whose name is `own op`",
    ),
    "an op under another name": (
        *("[archspec.ops]\nown_op = one.ops:Other\n", {"one/ops.py": OP.replace("Own", "Other").replace("own op", "other")}),
        *("bad-value", "own_op = one.ops:Other of one is not an Op whose name is `own op`"),
    ),
    "a module that fails": (
        *("[archspec.ops]\nown_op = one.ops:Own\n", {"one/ops.py": "1 / 0"}, "bad-file"),
        "own_op = one.ops:Own of one cannot be imported: division by zero",
    ),
    "no such package": (
        *("[archspec.blocks]\nmine = one.nothing\n", {}, "bad-file"),
        "mine = one.nothing of one is not a package with a folder of blocks",
    ),
}


@pytest.mark.parametrize(("points", "files", "code", "message"), BROKEN.values(), ids=BROKEN)
def test_a_broken_plug_in_is_an_error_that_names_it(
    tmp_path: Path, points: str, files: dict[str, str], code: str, message: str
) -> None:
    installed(tmp_path, "one", points, {"one/__init__.py": "", "one/ops.py": OP, **files})
    (tmp_path / "net.yaml").write_text(spec("own op"))
    script = "import archspec\nfor one in archspec.check('net.yaml'): print(one.code, one.message, sep='|')"
    done = run(script, tmp_path, cwd=tmp_path)
    assert (done.stdout.strip(), done.stderr) == (f"{code}|{message}", "")


def test_two_plug_ins_of_one_name_are_an_error_that_names_both(tmp_path: Path) -> None:
    installed(tmp_path, "one", POINT, {"one/__init__.py": "", "one/ops.py": OP})
    installed(tmp_path, "two", POINT.replace("one.", "two."), {"two/__init__.py": "", "two/ops.py": OP})
    (tmp_path / "net.yaml").write_text(spec("relu"))
    done = run("import archspec\nprint(archspec.check('net.yaml')[0].message)", tmp_path, cwd=tmp_path)
    names = {"own_op = one.ops:Own of one", "own_op = two.ops:Own of two"}
    assert set(done.stdout.strip().removesuffix(" have the same name").split(" and ")) == names


# ops of a program


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archspec.ops, "_registered", {})


def halved() -> type[Op]:
    @archspec.register
    class Halve(Op):
        """Half of what comes in, times a trained number."""

        name: ClassVar[str] = "halve"
        parts: Count = column(2)

        def cost(self, shape: Shape, out: Shape) -> Cost:
            return Cost(1)

        def module(self, shape: Shape) -> nn.Module:
            class Module(nn.Module):
                def __init__(self, parts: int) -> None:
                    super().__init__()
                    self.weight = nn.Parameter(torch.tensor(1 / parts))

                def forward(self, x: torch.Tensor) -> torch.Tensor:
                    return x * self.weight

            return Module(self.parts)

    return Halve


@pytest.mark.usefixtures("registry")
def test_a_program_registers_an_op(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(spec("halve", "{type: halve, parts: 4}"))
    (wrong, *_) = archspec.check(path)
    assert wrong.code == "unknown-type"
    halved()
    halved()  # the same class defined anew, as in a notebook
    assert archspec.report(path).costs.total.params == 2
    assert archspec.build(path).eval()(torch.ones(1, 3, 8, 8)).unique().item() == 1 / 8


@pytest.mark.usefixtures("registry")
def test_a_registered_name_must_be_new() -> None:
    halved()

    class Relu(Op):
        name: ClassVar[str] = "relu"

    class Halve(Op):
        name: ClassVar[str] = "halve"

    class Spelt(Op):
        name: ClassVar[str] = "Half It"

    for cls, other in ((Relu, "archspec.ops.relu.Relu has it"), (Halve, "<locals>.Halve has it"), (Spelt, "`half it`")):
        with pytest.raises(ValueError, match=f"{cls.__name__} cannot be called .*{other}"):
            archspec.register(cls)
    for nothing in (type("Nameless", (Op,), {}), int, 3):
        with pytest.raises(TypeError, match="is not a subclass"):
            archspec.register(nothing)


# files of blocks

FILE = """
about: blocks
blocks:
  twin:
    columns: {filters: {type: channels}}
    body:
      - {id: one, type: solo, filters: =filters}
      - {id: two, type: solo, filters: "=max(filters, 2) + extra"}
  solo:
    columns: {filters: {type: channels}}
    body: {type: convolution, patch: 1x1, filters: =filters}
""".lstrip()
USER = "name: t\ninput: 8x8x3\nuses: sub/mine.yaml\nvars: {extra: 1}\nrows:\n  - {id: a, type: twin, filters: 4}\n"


def test_a_spec_uses_a_file_of_blocks(tmp_path: Path) -> None:
    """As if the blocks stood in the spec itself; the text of the network is whole, and loads to the same."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "mine.yaml").write_text(FILE)
    (tmp_path / "net.yaml").write_text(USER)
    network = archspec.load(tmp_path / "net.yaml")
    assert str(network.output) == "8x8x5"
    (tmp_path / "alone.yaml").write_text(network.text)
    (tmp_path / "sub" / "mine.yaml").unlink()
    alone = archspec.load(tmp_path / "alone.yaml")
    assert (alone.digest, alone.output) == (network.digest, network.output)


def test_files_use_files_and_variants_use_their_own(tmp_path: Path) -> None:
    """A file that two documents use is read for both; a circle of files ends; a spec's blocks serve as a file of blocks."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "mine.yaml").write_text("uses: [./other.yaml, ../net.yaml]\n" + FILE)
    (tmp_path / "sub" / "other.yaml").write_text("uses: ./mine.yaml\nblocks: {third: {body: {type: solo, filters: 9}}}\n")
    (tmp_path / "net.yaml").write_text(USER + "blocks: {own: {body: relu}}\n")
    (tmp_path / "variant.yaml").write_text(
        "extends: ./net.yaml\nname: v\nuses: sub/other.yaml\nrows:\n  third: {type: third}\n  own: {type: own}\n"
    )
    assert str(archspec.load(tmp_path / "variant.yaml").output) == "8x8x9"


TWICE = "the block `twin` is in"
USES: dict[str, tuple[str, dict[str, str], list[tuple[str, ...]]]] = {
    "no such file": ("uses: no.yaml", {}, [("3:7", "bad-file", "-", "no.yaml: there is no such file")]),
    "outside of the folder": (
        "uses: ../up.yaml",
        {},
        [("3:7", "escaping-path", "-", "`../up.yaml` leaves the folder of the spec")],
    ),
    "a number of things": ("uses: {a: b}", {}, [("3:7", "bad-value", "-", "`uses` is a file of blocks, or a list of them")]),
    "nothing": ("uses:", {}, [("3:6", "bad-value", "-", "`uses` is a file of blocks, or a list of them")]),
    "a list": (
        "uses: [m.yaml]",
        {"m.yaml": "- relu\n"},
        [("3:8", "bad-file", "-", "`m.yaml` is not a file of blocks: one document, a mapping with `blocks`")],
    ),
    "another key": (
        "uses: m.yaml",
        {"m.yaml": "name: x\nblocks: {b: {body: relu}}\n"},
        [("m.yaml:1:1", "unknown-key", "-", "`name` is not a key of a file of blocks", "it has about, blocks, uses")],
    ),
    "twice in two files": (
        "uses: [m.yaml, n.yaml]",
        {"m.yaml": FILE, "n.yaml": "blocks: {twin: {body: relu}}\n"},
        [("n.yaml:1:10", "duplicate-type", "-", f"{TWICE} n.yaml and in m.yaml", "rename one of them")],
    ),
    "twice, once in the spec": (
        "uses: m.yaml\nblocks: {Twin: {body: relu}}",
        {"m.yaml": FILE},
        [("4:10", "duplicate-type", "-", "the block `Twin` is in net.yaml and in m.yaml")],
    ),
    "twice, once in archspec": (
        "uses: m.yaml",
        {"m.yaml": "blocks: {inception: {body: relu}}\n"},
        [("m.yaml:1:10", "duplicate-type", "-", "the block `inception` is in m.yaml and in archspec")],
    ),
    "wrong inside": (
        "uses: m.yaml",
        {"m.yaml": "blocks: {b: {body: {type: convv}}}\n"},
        [("m.yaml:1:27", "unknown-type", "-", "`convv` is neither an op nor a block")],
    ),
}


@pytest.mark.parametrize(("uses", "files", "expected"), USES.values(), ids=USES)
def test_wrong_uses(uses: str, files: dict[str, str], expected: list[Any], expect: Callable[..., None]) -> None:
    expect(f"name: t\ninput: 8x8x3\n{uses}\nrows:\n  - relu\n", expected, files)


def test_a_variant_may_not_bring_another_block_of_the_name(expect: Callable[..., None]) -> None:
    files = {"base.yaml": "name: b\ninput: 8x8x3\nuses: m.yaml\nrows: [twin]\n", "m.yaml": "blocks: {twin: {body: relu}}\n"}
    files["n.yaml"] = files["m.yaml"]
    expect(
        "extends: ./base.yaml\nname: v\nuses: n.yaml\n",
        [("n.yaml:1:10", "duplicate-type", "-", f"{TWICE} n.yaml and in m.yaml")],
        files,
    )


def test_files_of_blocks_are_limited_in_all(expect: Callable[..., None]) -> None:
    """However many documents use one."""
    files = {"m.yaml": "blocks: {b: {body: relu}}\n" + "#" * 400_000 + "\n"}
    text = "name: t\ninput: 8x8x3\nuses: m.yaml\nrows: [b]\n" + "---\nextends: t\nname: u\nuses: m.yaml\n" * 2
    message = "the files of blocks of a spec have more than 1,048,576 bytes in all"
    expect(text, [("12:7", "bad-file", "-", message)], files)


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize("name", ["inception", "global avg pool", "concat", "", "a(b)"])
def test_an_op_takes_no_name_of_a_block_or_of_the_language(name: str) -> None:
    new = type("New", (Op,), {"name": name, "__module__": __name__, "__annotations__": {"name": ClassVar[str]}})
    with pytest.raises(ValueError, match="cannot be called"):
        archspec.register(new)


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize(("column", "kind"), [("depth", Count), ("repeat", Count), ("v", list[int]), ("v", dict[str, int])])
def test_an_op_whose_column_could_never_be_set_is_refused(column: str, kind: Any) -> None:
    fields = {"__annotations__": {"name": ClassVar[str], column: kind}, column: 1, "name": "odd op", "__module__": __name__}
    with pytest.raises(ValueError, match=f"the column `{column}` has"):
        archspec.register(type("Odd", (Op,), fields))


BLOCK_POINT = "[archspec.blocks]\nmine = one.blocks\n"
BLOCK_FILES: dict[str, tuple[bytes, str]] = {
    "no body": (b"about: x\n", "missing-key"),
    "not UTF-8": (b"about: \xff\n", "yaml-syntax"),
    "a list": (b"- relu\n", "bad-file"),
    "too large": (b"#" * 1_100_000, "bad-file"),
}


@pytest.mark.parametrize(("data", "code"), BLOCK_FILES.values(), ids=BLOCK_FILES)
def test_a_broken_file_of_a_plug_in_is_an_error(tmp_path: Path, data: bytes, code: str) -> None:
    installed(tmp_path, "one", BLOCK_POINT, {"one/__init__.py": "", "one/blocks/fine.yaml": BLOCK})
    (tmp_path / "one" / "blocks" / "odd.yaml").write_bytes(data)
    (tmp_path / "one" / "blocks" / "folder.yaml").mkdir()
    (tmp_path / "net.yaml").write_text(spec("odd"))
    (tmp_path / "fine.yaml").write_text(spec("fine"))
    script = "import archspec\nassert not archspec.check('fine.yaml')\nprint(*(one.code for one in archspec.check('net.yaml')))"
    done = run(script, tmp_path, cwd=tmp_path)
    assert (done.stdout.strip(), done.stderr) == (code, "")


def test_the_package_that_brings_a_taken_name_is_blamed(tmp_path: Path) -> None:
    """Not another one that is sound; and an op with the name of another package's block names that package."""
    installed(tmp_path, "one", POINT, {"one/__init__.py": "", "one/ops.py": OP})
    two = BLOCK_POINT.replace("one", "two")
    installed(tmp_path, "two", two, {"two/__init__.py": "", "two/blocks/inception.yaml": BLOCK})
    (tmp_path / "net.yaml").write_text(spec("relu"))
    script = "import archspec\nprint(archspec.check('net.yaml')[0].message)"
    done = run(script, tmp_path, cwd=tmp_path)
    assert done.stdout.strip() == "the block `inception` is in mine = two.blocks of two and in archspec"
    (tmp_path / "two" / "blocks" / "inception.yaml").rename(tmp_path / "two" / "blocks" / "own_op.yaml")
    done = run(script, tmp_path, cwd=tmp_path)
    assert done.stdout.strip() == "the op `own op` is in own_op = one.ops:Own of one and in mine = two.blocks of two, as a block"


@pytest.mark.parametrize("value", ["not a module", "one..blocks", "one.blocks:x"])
def test_an_entry_point_that_is_no_package_is_an_error(tmp_path: Path, value: str) -> None:
    installed(tmp_path, "one", f"[archspec.blocks]\nmine = {value}\n", {"one/__init__.py": ""})
    (tmp_path / "net.yaml").write_text(spec("relu"))
    done = run("import archspec\nprint(archspec.check('net.yaml')[0].code)", tmp_path, cwd=tmp_path)
    assert (done.stdout.strip(), done.stderr) == ("bad-file", "")


def test_a_file_has_a_bounded_number_of_documents(expect: Callable[..., None]) -> None:
    text = "name: t\ninput: 8x8x3\nrows: [relu]\n" + "---\nextends: t\nname: u\n" * 200
    expect(text, [("1:1", "bad-file", "-", "the file has more than 200 documents")])
