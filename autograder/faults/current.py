"""Whether a named behavior can be used: probes change, and exercises go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from autograder.faults.behavior import inputs_digest
from autograder.faults.model import FaultModel, NamedBehavior, Probe


def applies(named: NamedBehavior, probes: Sequence[Probe]) -> bool:
    """Return whether a behavior was recorded on exactly these probes."""
    recorded = [(record.get("probe"), record.get("inputs")) for record in named.behavior]
    return recorded == [(probe.name, inputs_digest(probe)) for probe in probes]


def why_not(named: NamedBehavior, models: Iterable[FaultModel]) -> str:
    """Return why a name is not used any more; empty if it is."""
    model = next((model for model in models if model.exercise == named.exercise), None)
    what = f"the name {named.name!r} of {named.exercise}"
    if model is None:
        return f"{what} is not used: the sheet has no such exercise"
    if not applies(named, model.probes):
        return (
            f"{what} is not used: the probes have changed since it was recorded. Grade a class "
            "again and name the behavior anew with `autograder name`."
        )
    if any(fault.name == named.name for fault in model.faults):
        return f"{what} is not used: a fault of the course has that name now. Remove it."
    return ""
