"""Give a name to a behavior that learners share."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from autograder import faults
from autograder.book import heading
from autograder.faults.behavior import recorded
from autograder.faults.current import applies, why_not
from autograder.faults.known import known_mistakes
from autograder.faults.matching import same_behavior, same_record
from autograder.faults.model import Fault, FaultModel, NamedBehavior, Probe
from autograder.faults.named import MistakesError, read_names
from autograder.faults.observe import Outcome
from autograder.files import replace_file
from autograder.results import Cluster

LABEL = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MOST_LETTERS = 300
FEWEST_DIGITS = 4


@dataclass(frozen=True)
class Naming:
    """What an instructor says about a mistake: its name, its hint, and where to read.

    Attributes:
        read: Label of a section; empty for that of the exercise.
    """

    name: str
    hint: str
    read: str = ""


def find_cluster(clusters: Sequence[Cluster], identifier: str) -> Cluster:
    """Return the cluster whose identifier is, or begins with, ``identifier``.

    Raises:
        MistakesError: If there is none, or more than one.
    """
    found = [one for one in clusters if one.cluster == identifier]
    if not found and len(identifier) >= FEWEST_DIGITS:
        found = [one for one in clusters if one.cluster.startswith(identifier)]
    if len(found) == 1:
        return found[0]
    known = ", ".join(one.cluster for one in found or clusters) or "none"
    what = "more than one cluster begins with" if found else "there is no cluster"
    raise MistakesError(f"{what} {identifier}; there are: {known}")


def name_cluster(cluster: Cluster, naming: Naming, folder: Path) -> Path:
    """Write the behavior of ``cluster``, with its name, into ``folder/<stem>.json``.

    Returns:
        The file. It is replaced as a whole, and its entries are sorted by exercise and name.

    Raises:
        MistakesError: If the behavior or the name is taken, or what is given breaks a rule.
    """
    model = _model(cluster)
    read = naming.read or model.read
    _check_words(naming)
    _check_label(model, read)
    named = NamedBehavior(
        cluster.exercise, naming.name, naming.hint, read, cluster.example.behavior
    )
    if not applies(named, model.probes):
        raise MistakesError(
            f"cluster {cluster.cluster} was recorded on other probes than today's: grade the "
            "class again, then name it"
        )
    file = folder / f"{cluster.stem}.json"
    others = read_names(file) if file.exists() else []
    _check_new(model, others, named)
    # What is left of the same name can no longer be used, and this takes its place.
    kept = [one for one in others if (one.exercise, one.name) != (named.exercise, named.name)]
    entries = sorted([*kept, named], key=lambda one: (one.exercise, one.name))
    replace_file(file, _text(entries).encode())
    return file


def _model(cluster: Cluster) -> FaultModel:
    try:
        return faults.fault_models(cluster.stem)[cluster.exercise]
    except (ImportError, AttributeError, KeyError):
        raise MistakesError(
            f"cluster {cluster.cluster} belongs to {cluster.exercise} of the sheet "
            f"{cluster.stem}, which this version does not have"
        ) from None


def _check_words(naming: Naming) -> None:
    for what, text in (("name", naming.name), ("hint", naming.hint)):
        if not (0 < len(text) <= MOST_LETTERS and text.isprintable() and text == text.strip()):
            raise MistakesError(
                f"the {what} must be one line of 1 to {MOST_LETTERS} characters, got {text!r}"
            )
    if naming.name.lower() in naming.hint.lower():
        raise MistakesError("the hint must make a learner think: it must not say the name")


def _check_label(model: FaultModel, read: str) -> None:
    # Where the book is not installed, no label can be looked up.
    unknown = heading(model.read) is not None and heading(read) is None
    if unknown or not LABEL.fullmatch(read):
        raise MistakesError(
            f"the book has no section with the label {read!r}; a label is what stands above "
            f"a heading, such as {model.read}"
        )


def _check_new(model: FaultModel, others: Sequence[NamedBehavior], named: NamedBehavior) -> None:
    """Raise an error if the name is taken, or the behavior has one, or is right."""
    there = [*model.named, *(one for one in others if not why_not(one, [model]))]
    taken = {fault.name for fault in model.faults} | {one.name for one in there}
    if named.name in taken:
        raise MistakesError(f"{model.exercise} has a mistake named {named.name!r} already")
    for other in there:
        if same_behavior(named.behavior, other.behavior):
            raise MistakesError(f"this behavior has a name already: {other.name!r}")
    known = known_mistakes(model)
    correct = known.correct()
    if same_behavior(named.behavior, recorded(model.probes, correct, correct)):
        raise MistakesError(
            f"these answers are right on every probe of {model.exercise}, so that right answers "
            "would get this name as well: add a probe on which they are wrong"
        )
    if explained := _explaining(model, named):
        names = " + ".join(repr(fault.name) for fault in explained)
        raise MistakesError(f"this behavior has a name already: {names}. Grade the class again.")


def _explaining(model: FaultModel, named: NamedBehavior) -> tuple[Fault, ...]:
    """Return the faults that do what was recorded; the model may have learned them since."""
    known = known_mistakes(model)
    seen = list(zip(model.probes, known.correct(), named.behavior, strict=True))

    def agrees(outcome: Outcome, one: tuple[Probe, Outcome, dict[str, object]]) -> bool:
        probe, right, record = one
        return same_record(recorded([probe], [outcome], [right])[0], record)

    return known.explaining(seen, agrees)


def _text(entries: Sequence[NamedBehavior]) -> str:
    """Return JSON with one line for each word of the author and for each probe."""
    blocks = []
    for entry in entries:
        fields = asdict(entry)
        records = ",\n   ".join(_line(record) for record in fields.pop("behavior"))
        lines = [f"  {_line(key)}: {_line(value)}," for key, value in fields.items()]
        blocks.append("\n".join([" {", *lines, f'  "behavior": [\n   {records}\n  ]', " }"]))
    return "[\n" + ",\n".join(blocks) + "\n]\n"


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
