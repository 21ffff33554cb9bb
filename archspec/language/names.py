"""Names: one normalisation for headers, types and columns; which ids are free; the nearest known name."""

from __future__ import annotations

import difflib
import keyword
import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import islice

#: Keys of a row that are not columns: structure first, then what the source claims.
STRUCTURE = ("id", "type", "layer", "from", "when", "else", "repeat", "concat", "sum", "product", "split", "after", "before")
FIGURES = ("output size", "depth", "params", "ops", "activations", "receptive field")
REASONS = ("erratum", "why")
CLAIMS = (*FIGURES, *REASONS)
HEAD_KEYS = ("loss weight",)

#: First words of a change's path that are not rows, and the network's input as a source.
PLACES = (
    *("input", "vars", "defaults", "blocks", "rows", "heads", "outputs"),
    *("name", "about", "extends", "uses", "source", "claims", "elsewhere", "init"),
)

#: Public attributes of torch.nn.Module and of archspec's model: ids may not hide them (a test compares with torch).
MODULE_NAMES = frozenset(
    """
    T_destination add_module apply bfloat16 buffers call_super_init children compile cpu cuda double
    dump_patches eval extra_repr float forward get_buffer get_extra_state get_parameter get_submodule half ipu
    load_state_dict modules mtia named_buffers named_children named_modules named_parameters parameters
    register_backward_hook register_buffer register_forward_hook register_forward_pre_hook
    register_full_backward_hook register_full_backward_pre_hook register_load_state_dict_post_hook
    register_load_state_dict_pre_hook register_module register_parameter register_state_dict_post_hook
    register_state_dict_pre_hook requires_grad_ set_extra_state set_submodule share_memory state_dict to
    to_empty train training type xpu zero_grad heads logits probabilities
    """.split()  # noqa: SIM905 - forty names in quotes are no clearer
)

_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


#: names among which the nearest is looked for
_SEARCHED = 500


@lru_cache(4096)
def normal(name: str) -> str:
    """`#3x3 Reduce`, `3×3 reduce` and `3x3_reduce` are one header; so are `max pool` and `max_pool`."""
    return " ".join(name.lower().replace("×", "x").replace("_", " ").strip().removeprefix("#").split())


@lru_cache(4096)
def identifier(name: str) -> str:
    """A type's name as an id: `max pool` gives `max_pool`."""
    return normal(name).replace(" ", "_")


def id_problem(name: str) -> tuple[str, str] | None:
    """Why `name` cannot be the id of a row: (code, message), or None."""
    if not _IDENTIFIER.fullmatch(name):
        return "bad-value", f"`{name[:60]}` is not an id: a letter, then letters, digits and underscores"
    if keyword.iskeyword(name):
        return "reserved-name", f"`{name}` is a word of Python and cannot be an id"
    if name in MODULE_NAMES:
        return "reserved-name", f"`{name}` is an attribute of the module and cannot be an id"
    if name in PLACES:
        return "reserved-name", f"`{name}` is a word of the language and cannot be an id"
    return None


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like `name`, if one is like it at all."""
    by_normal = {normal(word): word for word in islice(known, _SEARCHED)}
    close = difflib.get_close_matches(normal(name), list(by_normal), 1, 0.6)
    return by_normal[close[0]] if close else None
