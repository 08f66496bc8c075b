"""Notebook cells that hold a known mistake or a correct answer written differently."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from types import CodeType, ModuleType

from autograder.faults.model import FaultModel, Function

IMPORTS = "import math\nfrom typing import Any\n\nimport torch\nfrom torch import Tensor, nn\n"


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
    name, own = model.exercise, model.implementation.__name__
    if isinstance(model.implementation, type):
        definition = (
            f"class {name}({own}):\n    def __init__(self, {declared}):\n"
            f"        super().__init__({passed}{switches})\n"
        )
    else:
        definition = f"def {name}({declared}):\n    return {own}({passed}{switches})\n"
    return _cell([*model.uses, model.implementation], definition)


def equivalent_cell(model: FaultModel, function: Function) -> str:
    """Return a cell that defines the exercise by one of the model's equivalents."""
    module = inspect.getmodule(function)
    return _cell(_needed(function, module), f"{model.exercise} = {function.__name__}\n")


def _declared(parameter: inspect.Parameter) -> str:
    optional = parameter.default is not inspect.Parameter.empty
    return f"{parameter.name}={parameter.default!r}" if optional else parameter.name


def _needed(function: Function, module: ModuleType | None) -> list[Function]:
    """Return a function or class after all that it needs of its own module."""
    needed: dict[Function, None] = {}
    for name in _names(function):
        other = getattr(module, name, None)
        if callable(other) and other is not function and inspect.getmodule(other) is module:
            needed |= dict.fromkeys(_needed(other, module))
    return [*needed, function]


def _names(function: Function) -> list[str]:
    """Return the names that a function or a class uses, its base classes among them."""
    if not isinstance(function, type):
        return _used(function.__code__) if inspect.isfunction(function) else []
    bases = [base.__name__ for base in function.__bases__]
    methods = [each for each in vars(function).values() if inspect.isfunction(each)]
    return [*bases, *(name for method in methods for name in _used(method.__code__))]


def _used(code: CodeType) -> list[str]:
    """Return the names that code uses, also inside its comprehensions and inner functions."""
    inner = [each for each in code.co_consts if isinstance(each, CodeType)]
    return [*code.co_names, *(name for each in inner for name in _used(each))]


def _cell(functions: list[Function], definition: str) -> str:
    return "\n\n".join([IMPORTS, *map(inspect.getsource, functions), definition])
