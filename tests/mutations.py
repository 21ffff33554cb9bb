"""Damaged specs: mutates the texts of a folder and checks each, in a process of its own, which is measured.

`python tests/mutations.py FOLDER FIRST COUNT` prints what went wrong, one JSON text a line, and at last the peak memory
in bytes.
"""

from __future__ import annotations

import json
import re
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import archspec
from archspec.language.diagnostics import CODES, Diagnostic
from archspec.language.places import Place

#: seconds of processor time that one check may take (100,000 nodes take about 8); it is stopped after STOP
SECONDS, STOP = 30, 60
#: bytes that all of them may take
MEMORY = 500_000_000

TOKEN = re.compile(r"[\w#]+|\s+|.", re.DOTALL)
NUMBER = re.compile(r"\d+(?:\.\d+)?")
NUMBERS = ["0", "-1", "1e999", "2147483647", "2147483648", "9" * 30, "1e-320", "0x7", "1x2x3", "=9**9**9", "=in_channels // 0"]
NUMBERS += [
    "=2 ** 62",
    "=min(1, 2",
    '"=max(1, in_channels)"',
    "=index",
    "٣",
    "²",
    "½",
    "１２",
    "nan",
    ".inf",
    "1_000",
    "0o7",
    "99999",
    "100000%",
]
WORDS = [
    "=",
    "none",
    "null",
    "~",
    "true",
    "[]",
    "{}",
    "''",
    "&a",
    "*a",
    "<<",
    "!!python/object",
    "é",
    "😀",
    "\0",
    "\u2028",
    "\ud800",
    "\t",
    "\r",
    "\ufeff",
]
WORDS += [
    "concat",
    "sum",
    "split",
    "from",
    "repeat",
    "when",
    "else",
    "layer",
    "type",
    "id",
    "rows",
    "extends",
    "uses",
    "blocks",
    "body",
    "columns",
    "input",
]
WORDS += [
    "*.*",
    "output size",
    "---\n",
    "- ",
    "...\n",
    "%YAML 1.1\n",
    "outputs",
    "heads",
    "vars",
    "defaults",
    "row",
    "=not norm",
    "conv",
    "=" + "(" * 60,
]


def tokens(text: str, random: Random) -> str:
    """A token deleted, doubled, swapped with another, or replaced."""
    found = TOKEN.findall(text)
    at, other = random.randrange(len(found)), random.randrange(len(found))
    edit = random.choice(["delete", "double", "swap", "replace", "insert"])
    if edit == "delete":
        del found[at : at + random.choice([1, 1, 2, 5])]
    elif edit == "double":
        found.insert(at, found[at])
    elif edit == "swap":
        found[at], found[other] = found[other], found[at]
    else:
        found[at : at + (edit == "replace")] = [random.choice([*WORDS, found[other]])]
    return "".join(found)


def numbers(text: str, random: Random) -> str:
    """A number replaced by a huge, negative or strange one, or by a formula."""
    found = list(NUMBER.finditer(text))
    if not found:
        return text
    match = random.choice(found)
    return text[: match.start()] + random.choice(NUMBERS) + text[match.end() :]


def indentation(text: str, random: Random) -> str:
    """A line moved to the left or right."""
    lines = text.splitlines(keepends=True)
    at = random.randrange(len(lines))
    lines[at] = random.choice([" ", "  ", "    ", "\t"]) + lines[at] if random.random() < 0.6 else lines[at].lstrip(" ")
    return "".join(lines)


def lines(text: str, random: Random) -> str:
    """A line deleted, doubled, or swapped with another."""
    found = text.splitlines(keepends=True)
    at, other = random.randrange(len(found)), random.randrange(len(found))
    edit = random.choice(["delete", "double", "swap"])
    if edit == "delete":
        del found[at]
    elif edit == "double":
        found.insert(other, found[at])
    else:
        found[at], found[other] = found[other], found[at]
    return "".join(found)


def keys(text: str, random: Random) -> str:
    """Two keys, or two cells, swapped between rows."""
    pattern = random.choice([r"[\w#\" /]+(?=: )", r"(?<=: )[^,{}\n]+", r"[\w#\" /]+: [^,{}\n]+"])
    found = list(re.finditer(pattern, text))
    if len(found) < 2:
        return text
    first, second = sorted(random.sample(found, 2), key=lambda match: match.start())
    return text[: first.start()] + second[0] + text[first.end() : second.start()] + first[0] + text[second.end() :]


def deep(text: str, random: Random) -> str:
    """A row or a value, nested."""
    found = list(re.finditer(r"(?<=: )[^,{}\[\]\n]+|\{[^{}\n]*\}", text))
    if not found:
        return text
    match, levels = random.choice(found), random.choice([1, 2, 10, 45, 60, 3000])
    pairs = [("[", "]"), ("{a: ", "}"), ("{concat: {x: ", "}}"), ("(", ")"), ("{type: ", "}"), ("{repeat: 2, concat: {x: ", "}}")]
    before, after = random.choice(pairs if levels < 45 else pairs[:-1])
    return text[: match.start()] + before * levels + match[0] + after * levels + text[match.end() :]


def grown(text: str, random: Random) -> str:
    """A row with a large `repeat`, or a line many times."""
    found = text.splitlines(keepends=True)
    rows = [number for number, line in enumerate(found) if "{" in line]
    if random.random() < 0.5 or not rows:
        at = random.randrange(len(found))
        return "".join([*found[:at], *[found[at]] * random.choice([10, 1000]), *found[at:]])
    at = random.choice(rows)
    found[at] = found[at].replace(
        "{", "{repeat: " + random.choice(["1", "3", "100000", "2147483647", "=in_channels", "=wide", "0"]) + ", ", 1
    )
    return "".join(found)


MUTATIONS: list[Callable[[str, Random], str]] = [tokens, tokens, numbers, numbers, indentation, lines, keys, keys, deep, grown]


def mutated(texts: list[str], seed: int) -> str:
    """One of the texts after one to three mutations."""
    random = Random(seed)
    text = random.choice(texts)
    for _ in range(random.choice([1, 1, 2, 3])):
        text = random.choice(MUTATIONS)(text, random) or "x"
    return text


def misplaced(one: Diagnostic) -> Iterator[str]:
    """What is wrong with a diagnostic: every place lies in its text (or just behind it)."""
    if one.code not in CODES or not one.message:
        yield f"no code or message: {one.as_dict()}"
    places: list[Place] = [one.place, *(place for _, place in one.related)]
    for place in places:
        count = max(1, len(place.source.lines))
        if not (
            1 <= place.line <= count + 1 and 1 <= place.column <= len(place.source.line(place.line)) + 1 and place.width >= 1
        ):
            yield f"{place} (width {place.width}) is not in the text: {one.code}: {one.message}"


def wrong(path: Path, text: str) -> Iterator[str]:
    """What is wrong with the answer to a text."""

    def stop(*_: Any) -> None:
        raise TimeoutError(f"still running after {STOP} s")

    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, STOP)
    start = time.process_time()
    try:
        found = archspec.check(path)
        for one in found:
            yield from misplaced(one)
        str(archspec.SpecError(found))
    except Exception:  # anything but diagnostics
        yield traceback.format_exc(limit=-6)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    if time.process_time() - start > SECONDS:
        yield f"took {time.process_time() - start:.1f} s"


def main(folder: str, first: int, count: int) -> None:
    texts = [path.read_text() for path in sorted(Path(folder).glob("*.txt"))]
    path = Path(folder) / "mutated.yaml"
    for seed in range(first, first + count):
        text = mutated(texts, seed)
        for problem in wrong(path, text):
            sys.stdout.write(json.dumps({"seed": seed, "problem": problem, "text": text}) + "\n")
    sys.stdout.write(f"{memory()}\n")


def memory() -> int:
    """The most bytes that this process has had. Where Linux says it, since its getrusage also counts the process that started
    this one, which may have torch.
    """
    status = Path("/proc/self/status")
    found = re.search(r"VmHWM:\s*(\d+) kB", status.read_text()) if status.exists() else None
    if found:
        return int(found[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
