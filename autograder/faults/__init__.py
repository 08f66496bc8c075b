"""Fault models: every known mistake as code that runs, so that a wrong answer has a name."""

import importlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import MappingProxyType

from autograder.faults.model import FaultModel, NamedBehavior
from autograder.faults.named import (
    NAMED,
    VARIABLE,
    MistakesError,
    folders,
    named_files,
    read_names,
)

__all__ = ["MistakesError", "fault_models", "named_files", "outdated"]


def fault_models(stem: str) -> Mapping[str, FaultModel]:
    """Return the fault models of one sheet, by exercise, in the order of the sheet.

    With the mistakes that instructors have named; see `autograder.faults.named`.

    Raises:
        ModuleNotFoundError: If the sheet has no fault models.
        MistakesError: If a file of named mistakes cannot be read.
    """
    # Made anew only if a file has changed: what a model's faults do is worked out once.
    return _with_names(stem, tuple((file, file.read_bytes()) for file in named_files(stem)))


def outdated(stems: Iterable[str]) -> list[str]:
    """Return a note on each named mistake that is not used, and why.

    Raises:
        MistakesError: If a file of named mistakes cannot be read.
    """
    notes = [
        f"{VARIABLE} is {str(folder)!r}, which is no folder: its names are not used"
        for folder in folders()
        if folder != NAMED and not folder.is_dir()
    ]
    for file in (file for stem in stems for file in named_files(stem)):
        reasons = (reason for _, reason in _with_reasons(file.stem, read_names(file)))
        notes += [f"{file}: {reason}" for reason in reasons if reason]
    return notes


def _with_reasons(stem: str, names: list[NamedBehavior]) -> list[tuple[NamedBehavior, str]]:
    """Return each named behavior with the reason why it is not used; empty if it is."""
    if not names:
        return []
    # Imported here, as it needs torch, which whoever has no names to look at can do without.
    from autograder.faults.current import why_not

    models = _of_the_course(stem)
    return [(named, why_not(named, models)) for named in names]


def _of_the_course(stem: str) -> tuple[FaultModel, ...]:
    models: tuple[FaultModel, ...] = importlib.import_module(f"autograder.faults.{stem}").MODELS
    return models


@cache
def _with_names(stem: str, files: tuple[tuple[Path, bytes], ...]) -> Mapping[str, FaultModel]:
    models = _of_the_course(stem)
    names = [named for file, content in files for named in read_names(file, content)]
    used = [named for named, reason in _with_reasons(stem, names) if not reason]
    found = {}
    for model in models:
        own = tuple(named for named in used if named.exercise == model.exercise)
        found[model.exercise] = replace(model, named=own) if own else model
    return MappingProxyType(found)
