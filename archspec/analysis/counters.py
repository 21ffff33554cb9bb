"""What other tools count: each a weighted sum of the facts that every op states about itself (archspec.ops.facts)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from archspec.ir.tree import Leaf
from archspec.ops.base import Cost
from archspec.ops.facts import Facts

Weights = Mapping[str, int]


@dataclass(frozen=True)
class Convention:
    """How a tool counts: `weights` over the facts of ops that are modules.

    A tool that hooks modules counts an op otherwise where the code calls a function: then `functions` are its weights
    (empty: it does not see it), None where it makes no difference.
    """

    name: str
    tool: str
    #: the release whose count it is (empty: it is no program)
    version: str
    #: where the tool says the number
    where: str
    #: what it calls it
    prints: str
    weights: Weights
    functions: Weights | None = None
    note: str = ""


_M = {"macs": 1}

FVCORE = Convention(
    "fvcore",
    "fvcore",
    "0.1.5.post20221221",
    "FlopCountAnalysis",
    "flops",
    {
        **_M,
        "batch_norm_elements": 2,
        "plain_batch_norm_elements": 1,
        "group_norm_elements": 5,
        "plain_group_norm_elements": 4,
        "layer_norm_elements": 5,
        "plain_layer_norm_elements": 4,
        "instance_norm_elements": 5,
        "plain_instance_norm_elements": 4,
        "adaptive_pool_inputs": 1,
        "nearest_elements": 1,
        "bilinear_elements": 4,
    },
    note="its flops are multiply-adds; in eval mode",
)

#: what reconcile prints, in this order
CONVENTIONS: tuple[Convention, ...] = (
    Convention(
        "papers",
        "papers",
        "",
        "ops, FLOPs or Mult-Adds",
        "multiply-adds",
        _M,
        note="convolutions and linears, without bias",
    ),
    Convention("torchvision", "torchvision", "0.29.1", "_ops of the weights", "GFLOPS", _M, note="printed in units of 10^9"),
    FVCORE,
    Convention(
        "fvcore-activations", "fvcore", "0.1.5.post20221221", "ActivationCountAnalysis", "activations", {"activations": 1}
    ),
    Convention(
        "flop-counter-mode",
        "torch",
        "2.14.1",
        "FlopCounterMode",
        "FLOPs",
        {"macs": 2},
        note="a multiply-add is two operations",
    ),
    Convention(
        "torchinfo",
        "torchinfo",
        "1.8.0",
        "summary",
        "mult-adds",
        {**_M, "transposed_excess": 1, "biased_outputs": 1, "other_params": 1},
        {},
        note="the parameters of norms and slopes once, not at every place of the map",
    ),
    Convention(
        "thop",
        "thop",
        "0.1.1.post2209072238",
        "profile",
        "MACs",
        {
            **_M,
            "transposed_excess": 1,
            "batch_norm_elements": 4,
            "plain_batch_norm_elements": 2,
            "layer_norm_elements": 4,
            "plain_layer_norm_elements": 2,
            "instance_norm_elements": 4,
            "plain_instance_norm_elements": 2,
            "prelu_elements": 1,
            "softmax_elements": 3,
            "softmax_places": -1,
            "avg_pool_outputs": 1,
            "adaptive_pool_inputs": 1,
            "adaptive_pool_outputs": 1,
            "nearest_elements": 1,
            "bilinear_elements": 11,
            "bicubic_elements": 259,
        },
        {},
        note="sees modules only",
    ),
    Convention(
        "ptflops-pytorch",
        "ptflops",
        "0.7.5",
        "backend pytorch",
        "MACs",
        {
            **_M,
            "biased_outputs": 1,
            "batch_norm_elements": 2,
            "plain_batch_norm_elements": 1,
            "group_norm_elements": 2,
            "plain_group_norm_elements": 1,
            "layer_norm_elements": 1,
            "plain_layer_norm_elements": 1,
            "instance_norm_elements": 2,
            "plain_instance_norm_elements": 1,
            "relu_elements": 2,
            "relu6_elements": 1,
            "leaky_relu_elements": 1,
            "prelu_elements": 2,
            "elu_elements": 2,
            "gelu_elements": 2,
            "silu_elements": 1,
            "softmax_elements": 1,
            "pool_inputs": 2,
            "nearest_elements": 2,
            "bilinear_elements": 2,
            "bicubic_elements": 2,
            "composed_elements": 1,
        },
        {
            "relu_elements": 1,
            "relu6_elements": 1,
            "prelu_elements": 1,
            "elu_elements": 1,
            "gelu_elements": 1,
            "silu_elements": 1,
            "softmax_elements": 1,
            "pool_inputs": 1,
            "nearest_elements": 1,
            "bilinear_elements": 1,
            "bicubic_elements": 1,
            "composed_elements": 1,
        },
        note="hooks modules and wraps functions: what does both is counted twice",
    ),
    Convention(
        "ptflops-aten",
        "ptflops",
        "0.7.5",
        "backend aten",
        "MACs",
        {**_M, "biased_outputs": 1},
    ),
    Convention(
        "pycls",
        "pycls",
        "1a33062",
        "complexity",
        "flops",
        {**_M, "biases": 1},
        note="a bias once for each filter, not at every place of the map",
    ),
    Convention(
        "pycls-activations",
        "pycls",
        "1a33062",
        "complexity",
        "acts",
        {"activations": 1, "max_pool_outputs": 1},
        note="max pools count as well as convolutions and linears",
    ),
)


def facts_of(ops: Iterable[Leaf]) -> Mapping[str, int]:
    """The sum of every fact of some ops: what they cost, what they state, and what follows from these."""
    ops = tuple(ops)
    stated = Facts.total(leaf.op.facts(leaf.input, leaf.output) for leaf in ops)
    return {
        **Cost.total(leaf.cost for leaf in ops)._asdict(),
        **stated._asdict(),
        "biased_outputs": sum(leaf.cost.activations for leaf in ops if leaf.cost.biases),
        "other_params": sum(leaf.cost.params for leaf in ops if not leaf.op.layer),
    }


def terms(facts: Mapping[str, int], weights: Weights) -> Iterator[tuple[int, str, int]]:
    """The weight, the fact and its value, of every fact that is there."""
    return ((weight, fact, int(facts[fact])) for fact, weight in weights.items() if facts[fact])


def counted(facts: Mapping[str, int], convention: Convention) -> int:
    """What a convention makes of facts."""
    return sum(weight * value for weight, _, value in terms(facts, convention.weights))


def words(fact: str) -> str:
    """A fact in words."""
    return "multiply-adds" if fact == "macs" else fact.replace("_", " ")


def formula(facts: Mapping[str, int], convention: Convention) -> str:
    """A convention in words: the facts that are there, each with its weight."""
    return summed((weight, words(fact)) for weight, fact, _ in terms(facts, convention.weights))


def summed(parts: Iterable[tuple[int, str]]) -> str:
    """Weights and words as a sum, such as multiply-adds + 2 x batch norm elements."""
    signed = [("-" if weight < 0 else "+", word if abs(weight) == 1 else f"{abs(weight)} x {word}") for weight, word in parts]
    return " ".join(f"{sign} {text}" for sign, text in signed).removeprefix("+ ") or "nothing"
