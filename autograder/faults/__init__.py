"""Fault models: every known mistake as code that runs, so that a wrong answer has a name."""

import importlib
from collections.abc import Mapping

from autograder.faults.model import FaultModel


def fault_models(stem: str) -> Mapping[str, FaultModel]:
    """Return the fault models of one sheet, by exercise, in the order of the sheet.

    Raises:
        ModuleNotFoundError: If the sheet has no fault models.
    """
    models: tuple[FaultModel, ...] = importlib.import_module(f"autograder.faults.{stem}").MODELS
    return {model.exercise: model for model in models}
