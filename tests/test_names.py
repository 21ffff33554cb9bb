"""Ids do not hide what a module already has."""

import pytest
from torch import nn

import archspec
from archspec.compiler.module import Model
from archspec.language.names import MODULE_NAMES, normal


def test_every_public_name_of_a_module_is_reserved() -> None:
    public = {name for name in (*dir(nn.Module()), *dir(Model)) if not name.startswith("_")}
    assert public <= MODULE_NAMES


@pytest.mark.parametrize("name", ["join", "call", "inputs", "count", "index", "keys", "values", "module", "x"])
def test_other_names_are_free_for_rows_branches_and_heads(tmp_path, name: str) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "free.yaml"
    path.write_text(
        f"name: free\ninput: 8x8x3\nrows:\n"
        f"  - {{id: {name}, concat: {{{name}: [{{id: {name}, type: relu}}], other: []}}}}\n"
        f"  - {{id: fc, type: linear, filters: 2}}\n"
        f"heads:\n  head_{name}: {{from: {name}, type: linear, filters: 2}}\n"
    )
    model = archspec.build(path)
    assert f"{name}.{name}.{name}" in dict(model.named_modules())


@pytest.mark.parametrize(
    "spellings",
    [("#3x3 reduce", "3x3 reduce", "3×3 Reduce", "3X3_reduce", " #3x3  reduce "), ("max pool", "max_pool", "Max Pool")],
)
def test_headers_are_compared_after_one_normalisation(spellings: tuple[str, ...]) -> None:
    assert len({normal(one) for one in spellings}) == 1
