"""All that there is, by kind: the names, a line each, and where each is found."""

from __future__ import annotations

from archspec.ir.types import Type
from archspec.language.blocks import library_block, library_names
from archspec.language.load import load
from archspec.language.resolve import RECIPES, shipped, spaces, specs_folder
from archspec.ops import op, op_names
from archspec.recipe.load import load as load_recipe


def names() -> dict[str, tuple[str, ...]]:
    """All that can be described, by kind."""
    return {"ops": op_names(), "blocks": library_names(), "specs": tuple(sorted((*shipped(), *spaces())))}


def listed() -> dict[str, tuple[str, ...]]:
    """All that has a name, by kind: recipes too, which are read as they are."""
    return {**names(), "recipes": tuple(sorted(RECIPES.known))}


def lines(kind: str) -> dict[str, str]:
    """What each name of a kind is, in one line."""
    if kind == "specs":
        return {name: load(name).about for name in names()[kind]}
    if kind == "recipes":
        return {name: load_recipe(name).settings.about for name in listed()[kind]}
    return {name: first_line(about_of(type_of(kind, name))) for name in names()[kind]}


def first_line(about: str) -> str:
    """The first paragraph of a text, in one line."""
    return " ".join(about.split("\n\n")[0].split())


def type_of(kind: str, name: str) -> Type:
    """The op, or the library's block, of this name; a type in rows may be either."""
    if kind == "ops":
        primitive = op(name)
        assert primitive is not None
        return Type(name, primitive.columns(), op=primitive)
    block = library_block(name)
    assert block is not None
    return Type(name, block.columns or {}, block=block)


def about_of(type_: Type) -> str:
    """What an op says in its docstring, a block in its `about`."""
    return type_.op.about() if type_.op else type_.block.about if type_.block else ""


def spec_file(name: str) -> str:
    """The file of a shipped spec, as a checkout has it."""
    return (shipped() | spaces())[name].relative_to(specs_folder().parent).as_posix()
