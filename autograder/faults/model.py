"""What a fault model is: one implementation with switches, and probes that tell them apart.

All switches off is the correct answer. If what a learner wrote equals what some
switch produces, on every probe, that switch is the mistake.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

Function = Callable[..., Any]


def as_it_is(answer: Function) -> Function:
    """Return what a probe calls when the answer is a function: the answer."""
    return answer


@dataclass(frozen=True)
class Fault:
    """One known mistake: a setting of one switch of the implementation.

    Attributes:
        name: What a learner is told, such as "sees one position ahead".
        switch: The keyword of the implementation that makes the mistake.
        value: The keyword's value that makes it.
        hint: What to think about, without the answer.
        read: Label of the section of the chapter to read.
    """

    name: str
    switch: str
    value: object
    hint: str
    read: str


@dataclass(frozen=True)
class Probe:
    """Inputs on which implementations are compared, small enough to print.

    Attributes:
        name: What is special about these inputs, in words.
        arguments: Value of each parameter, by its name and in its order.
        gradients: Whether the gradients with respect to floating-point inputs
            are compared as well.
    """

    name: str
    arguments: Mapping[str, object]
    gradients: bool = False


@dataclass(frozen=True)
class NamedBehavior:
    """A mistake that is known by what it does on the probes: data, and no code.

    Attributes:
        exercise: The exercise in which it was seen.
        name: What a learner is told, as a fault's.
        hint: What to think about, without the answer.
        read: Label of the section of the chapter to read.
        behavior: What it does on each probe; see `autograder.faults.behavior`.
    """

    exercise: str
    name: str
    hint: str
    read: str
    behavior: list[dict[str, object]]


@dataclass(frozen=True)
class FollowThrough:
    """What an answer may be when it builds on another answer that is wrong.

    Attributes:
        builds_on: Name of the exercise whose answer is used, or names of several.
        expected: Makes the function, or class, that follows from those answers; it is called
            with one argument for each name.
    """

    builds_on: str | tuple[str, ...]
    expected: Callable[..., Function]

    @property
    def names(self) -> tuple[str, ...]:
        """The exercises whose answers are used."""
        return (self.builds_on,) if isinstance(self.builds_on, str) else self.builds_on


@dataclass(frozen=True, eq=False)
class FaultModel:
    """The known mistakes of one exercise.

    Attributes:
        exercise: Name of the function or class that a learner writes.
        implementation: The function or class with switches; correct when all are off.
        faults: The known mistakes.
        probes: Inputs from the smallest up; together they tell all faults apart.
        equivalents: Correct answers that are written differently.
        read: Label of the section of the chapter to read when the mistake has no name.
        uses: Functions that the implementation calls.
        follow_through: What also counts as right, if the exercise builds on another.
        same: Sets of faults that cannot be told from a smaller set, because the
            function is the same one: the set on the left is named as the one on the right.
        named: Mistakes that are known by their behavior alone.
        trial: Makes of an answer the function that probes call; of a class, one that makes
            an object and uses it (see `autograder.faults.modules`).
    """

    exercise: str
    implementation: Function
    faults: tuple[Fault, ...]
    probes: tuple[Probe, ...]
    equivalents: tuple[Function, ...]
    read: str
    uses: tuple[Function, ...] = ()
    follow_through: FollowThrough | None = None
    same: Mapping[frozenset[str], frozenset[str]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    named: tuple[NamedBehavior, ...] = ()
    trial: Callable[[Function], Function] = as_it_is

    def fault(self, name: str) -> Fault:
        """Return the fault of that name.

        Raises:
            KeyError: If the model has no such fault; the message lists those it has.
        """
        for fault in self.faults:
            if fault.name == name:
                return fault
        known = ", ".join(repr(fault.name) for fault in self.faults)
        raise KeyError(f"{self.exercise} has no fault {name!r}; it has {known}")

    def combinations(self) -> Iterator[tuple[Fault, ...]]:
        """Yield every single fault, then every pair that one implementation can hold."""
        for fault in self.faults:
            yield (fault,)
        for first, second in itertools.combinations(self.faults, 2):
            if first.switch != second.switch:
                yield (first, second)

    def diagnosis_of(self, names: Iterable[str]) -> frozenset[str]:
        """Return the smallest set of faults that is the same function as ``names``."""
        named = frozenset(names)
        return self.same.get(named, named)

    def faulty(self, names: Iterable[str] = ()) -> Function:
        """Return the implementation with the switches of the named faults on."""
        settings: dict[str, Any] = {}
        for name in names:
            fault = self.fault(name)
            settings[fault.switch] = fault.value

        def answer(*args: Any, **kwargs: Any) -> Any:
            return self.implementation(*args, **kwargs, **settings)

        answer.__name__ = answer.__qualname__ = self.exercise
        return answer


def absorbed(by: str, *names: str) -> dict[frozenset[str], frozenset[str]]:
    """Return that ``by`` together with any of ``names`` is the same function as ``by`` alone."""
    return {frozenset({by, name}): frozenset({by}) for name in names}
