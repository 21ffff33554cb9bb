"""Imports run one way, and nothing that needs no tensor imports torch."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import archspec
from archspec.cli.main import VERBS

PACKAGE = Path(__file__).parent.parent / "archspec"

#: A part imports itself and what stands before it.
ORDER = ["files", "language", "recipe", "library", "ops", "ir", "analysis", "design", "compiler", "training", "render", "api"]
ORDER += ["cli", "__main__"]
HEAVY = {
    "torch",
    "torchvision",
    "numpy",
    "safetensors",
    "fvcore",
    "torchinfo",
    "thop",
    "ptflops",
    "matplotlib",
    "optuna",
    "sqlalchemy",
    "pytorch_lightning",
    "torchmetrics",
    "tensorboard",
    "sklearn",
    "PIL",
}
#: Where torch may be imported at the top of a file.
TORCH_FILES = {"ops/modules.py"}
#: Where it may not, in a part that builds on torch: what can be said before it is imported.
TORCHLESS = {"compiler/checks.py", "training/run.py", "training/crops.py", "training/results.py"}
TORCH_PARTS = {"compiler", "training"}

FILES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))


def part(path: Path) -> str:
    return path.parts[0].removesuffix(".py")


def imports(tree: ast.AST) -> Iterator[tuple[str, ast.stmt]]:
    """Every module that is imported anywhere in a file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            assert node.module is not None
            yield node.module, node
            yield from ((f"{node.module}.{alias.name}", node) for alias in node.names if node.module == "archspec")


def at_import_time(tree: ast.Module) -> set[ast.stmt]:
    """The import statements that run when the file is imported: not those in functions or under TYPE_CHECKING."""
    found: set[ast.stmt] = set()
    todo: list[ast.stmt] = list(tree.body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            found.add(node)
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            todo += node.orelse
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            todo += [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]
    return found


@pytest.mark.parametrize("path", [f for f in FILES if f != Path("__init__.py")], ids=str)
def test_a_file_imports_only_what_stands_before_it(path: Path) -> None:
    rank = ORDER.index(part(path))
    for module, node in imports(ast.parse((PACKAGE / path).read_text("utf-8"))):
        words = module.split(".")
        if words[0] == "archspec" and len(words) > 1:
            assert ORDER.index(words[1]) <= rank, f"{path}:{node.lineno} imports {module}, which stands after {part(path)}"


@pytest.mark.parametrize(
    "path", [f for f in FILES if (part(f) not in TORCH_PARTS or str(f) in TORCHLESS) and str(f) not in TORCH_FILES], ids=str
)
def test_heavy_libraries_are_imported_inside_functions(path: Path) -> None:
    tree = ast.parse((PACKAGE / path).read_text("utf-8"))
    top = at_import_time(tree)
    heavy = {module for module, node in imports(tree) if node in top and module.split(".")[0] in HEAVY}
    assert not heavy, f"{path} imports {heavy} when it is imported"


def after(words: list[str], found: str) -> str:
    """What an expression gives in a process of its own that has run the command line."""
    code = f"""
import sys
from archspec.cli.main import VERBS, main
sys.argv = ["archspec", *{words!r}]
try:
    main()
except SystemExit as stop:
    assert not stop.code, stop.code
print(({found}), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["check", "googlenet", "googlenet-torchvision"],
        ["report", "googlenet"],
        ["report", "googlenet", "--format", "json", "--depth", "3"],
        ["audit", "googlenet"],
        ["reconcile", "googlenet"],
        ["diff", "googlenet", "googlenet-bn"],
        ["diff", "googlenet", "--set", "vars.classes=10", "--format", "json", "--depth", "9"],
        ["list"],
        ["show", "inception"],
        ["show", "conv"],
        ["show", "googlenet"],
        ["schema"],
        ["--help"],
    ],
    ids=" ".join,
)
def test_a_verb_that_needs_no_tensor_never_imports_torch(words: list[str]) -> None:
    assert after(words, f"sorted({HEAVY!r} & set(sys.modules))") == "[]\n"


@pytest.mark.parametrize(
    "words",
    [["check", "googlenet"], ["report", "googlenet", "--format", "json"], ["audit", "googlenet", "--format", "json"]],
    ids=" ".join,
)
def test_a_verb_imports_itself_alone_and_rich_only_for_a_table(words: list[str]) -> None:
    found = """[verb for verb in VERBS if f"archspec.cli.{verb}" in sys.modules], "rich" in sys.modules"""
    assert after(words, found) == f"({words[:1]}, False)\n"


def test_every_file_of_the_command_line_with_a_command_is_a_verb() -> None:
    files = {path.stem for path in (PACKAGE / "cli").glob("*.py") if "def command(" in path.read_text("utf-8")}
    assert files == {*VERBS}


def test_each_stage_loads_without_the_next() -> None:
    """Importing a stage brings in no stage after it."""
    for stage, module in [("language", "language.load"), ("ops", "ops"), ("ir", "ir.expand"), ("analysis", "analysis.audit")]:
        code = f"import sys, archspec.{module}; print([m for m in sys.modules if m.startswith('archspec.')])"
        loaded = ast.literal_eval(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
        later = {name.split(".")[1] for name in loaded} & set(ORDER[ORDER.index(stage) + 1 :])
        assert not later, f"{stage} brings in {later}"


def test_no_package_takes_the_place_of_a_public_name() -> None:
    """Importing archspec.x puts the package x over a function x of archspec."""
    assert not set(archspec.__all__) & {part(path) for path in FILES}
