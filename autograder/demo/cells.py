"""Notebook cells that hold a known mistake or a correct answer written differently."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from types import ModuleType

from autograder.faults.model import FaultModel, Function, as_it_is

IMPORTS = "import math\nfrom typing import Any\n\nimport torch\nfrom torch import Tensor, nn\n"
_NO_CODE = as_it_is.__code__


def faulty_cell(model: FaultModel, names: Iterable[str]) -> str:
    """Return a cell that defines the exercise with the named mistakes."""
    settings = {model.fault(name).switch: model.fault(name).value for name in names}
    switches = "".join(f", {switch}={value!r}" for switch, value in settings.items())
    parameters = [
        parameter
        for parameter in inspect.signature(model.implementation).parameters.values()
        if parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    ]
    declared = ", ".join(_declared(parameter) for parameter in parameters)
    passed = ", ".join(parameter.name for parameter in parameters)
    return _cell(
        [*model.uses, model.implementation],
        f"def {model.exercise}({declared}):\n"
        f"    return {model.implementation.__name__}({passed}{switches})\n",
    )


def equivalent_cell(model: FaultModel, function: Function) -> str:
    """Return a cell that defines the exercise by one of the model's equivalents."""
    module = inspect.getmodule(function)
    functions = [*_called(function, module), function]
    return _cell(functions, f"{model.exercise} = {function.__name__}\n")


def _declared(parameter: inspect.Parameter) -> str:
    optional = parameter.default is not inspect.Parameter.empty
    return f"{parameter.name}={parameter.default!r}" if optional else parameter.name


def _called(function: Function, module: ModuleType | None) -> list[Function]:
    """Return the functions of the same module that a function calls by name."""
    own = vars(function).values() if isinstance(function, type) else [function]
    names = {name for each in own for name in getattr(each, "__code__", _NO_CODE).co_names}
    others = [getattr(module, name) for name in names if hasattr(module, name)]
    return [other for other in others if inspect.getmodule(other) is module]


def _cell(functions: list[Function], definition: str) -> str:
    return "\n\n".join([IMPORTS, *map(inspect.getsource, functions), definition])
