"""The verb test in Python: weights, one or several, on the images of a data set."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from archspec.analysis.latency import DEVICES
from archspec.api.networks import load
from archspec.compiler.checks import check_memory
from archspec.ir.tree import Network
from archspec.language.choices import number_of, one_of
from archspec.language.diagnostics import fail
from archspec.language.places import Place, option
from archspec.language.spelled import Changes, Input, Scaling, spelled_changes
from archspec.recipe.load import Recipe, loaded_text
from archspec.recipe.load import load as load_recipe
from archspec.recipe.named import value
from archspec.render.tested import Tested
from archspec.training.crops import view
from archspec.training.run import RECIPE, weights_file

if TYPE_CHECKING:
    from archspec.training.data import Split

#: the images of a data set that are tested
SPLITS = ("train", "validation", "test", "all")
_MOST = 2**31 - 1


def test(
    spec: str | os.PathLike[str],
    *,
    weights: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    data: str,
    split: str = "validation",
    protocol: str | None = None,
    recipe: str | os.PathLike[str] | None = None,
    recipe_set: Changes = (),
    batch: int = 32,
    workers: int | None = None,
    device: str = "cpu",
    limit: int | None = None,
    confusion: bool | None = None,
    set: Changes = (),
    scale: Scaling = None,
    input: Input = None,
    progress: Callable[[int, int, float | None], None] = lambda done, of, left: None,
    **vars: Any,
) -> Tested:
    """Top-1 and top-5 accuracy of weights (safetensors, or run folders), of each and of all together, on images.

    `protocol` says how an image is looked at (center, 10-crop, 144-crop), if not as the recipe does; the recipe is the one that
    the weights carry, or `recipe`, with changes `recipe_set`. `batch` crops go through the network at once, `workers`
    processes read images (as the recipe says, if left out). `limit` takes so many images, evenly from all. Raises SpecError.
    """
    given = [weights] if isinstance(weights, str | os.PathLike) else list(weights)
    if not given:
        raise fail("missing-option", "a test needs weights", option("--weights", ""), hint="name a file with --weights FILE")
    part = cast("Split", one_of("--split", split, SPLITS))
    one_of("--device", device, DEVICES)
    number_of("--batch", batch, 1, _MOST)
    number_of("--workers", 0 if workers is None else workers, 0, _MOST)
    number_of("--limit", 1 if limit is None else limit, 1, _MOST)
    names = [os.fspath(one) for one in given]
    files = [weights_file(name) for name in names]
    network = load(spec, set=set, scale=scale, input=input, **vars)
    _check_network(network, option("SPEC", os.fspath(spec)))
    check_memory(network, option("SPEC", os.fspath(spec)), heads=False, batch=batch)
    told = _recipe(files, None if recipe is None else os.fspath(recipe), spelled_changes(recipe_set))
    look = view(told, network.input.height, network.input.width, protocol)

    from archspec.compiler.measure import check_device
    from archspec.compiler.module import build_model
    from archspec.compiler.weights import load_weights
    from archspec.training.data import check_suits, test_data
    from archspec.training.testing import Settings, run

    check_device(device)
    images = test_data(data, told.settings.data, part, told.place, lambda done, of: progress(done, of, None))
    check_suits(images, network, option("--data", data), heads=False)
    models = [build_model(network, heads=False) for _ in files]
    digests = [load_weights(model, network, file).digest for model, file in zip(models, files, strict=True)]
    results = run(
        models,
        network,
        images,
        look,
        told,
        members=names,
        data=option("--data", data),
        settings=Settings(batch, told.settings.data.workers if workers is None else workers, device),
        limit=limit,
        progress=progress,
    )
    return Tested(network, told, look, data, split, results, tuple(digests), confusion)


test.__test__ = False  # type: ignore[attr-defined] # no test of pytest's


def _check_network(network: Network, place: Place) -> None:
    """A test counts classes."""
    if network.outputs:
        names = ", ".join(one.name for one in network.outputs)
        raise fail("unsupported", f"a test counts classes, and the network has several outputs: {names}", place)
    if network.output.height * network.output.width > 1:
        raise fail("unsupported", f"a test counts classes, and the network gives a map of {network.output}", place)


def _recipe(files: Sequence[Path], named: str | None, changes: Sequence[str]) -> Recipe:
    """The recipe that is named, else the one that the weights carry. Raises SpecError."""
    if named is not None:
        return load_recipe(named, set=changes)

    from archspec.compiler.weights import metadata

    found: list[Recipe] = []
    for file in files:
        text = metadata(file).get(RECIPE)
        place = option("--weights", str(file))
        if text is None:
            message = f"{file} carries no recipe, which says how images are transformed"
            raise fail("missing-key", message, place, hint="name one with --recipe")
        found.append(loaded_text(text, f"{file} (recipe)", set=changes))
        if _look(found[-1]) != _look(found[0]):
            message = f"{file} carries a recipe that tests otherwise than that of {files[0]}"
            raise fail("unsupported", message, place, hint="name the one for all of them with --recipe")
    return found[0]


def _look(recipe: Recipe) -> Any:
    """What a recipe says of a test, without places."""
    return [(one.name, value(one.arguments)) for one in recipe.settings.transforms.test], recipe.settings.test
