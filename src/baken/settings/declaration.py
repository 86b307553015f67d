"""How a setting is declared, once, on the field that holds it, and how declared ones are read.

Declared settings are the fields of a frozen dataclass, each made by `setting`; a `group` of them is
a dataclass of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from baken.core.errors import SettingsError
from baken.settings.shapes import Shape

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Declared = TypeVar("Declared", bound=DataclassInstance)

Value = TypeVar("Value")

PREFIX: Final = "BAKEN_"
SECRET: Final = "(a secret)"  # noqa: S105 - what is shown instead of one

_DECLARATION: Final = "setting"
_GROUP: Final = "group"


@dataclass(frozen=True, slots=True)
class Derived:
    """A default that follows from the settings declared before it in the same class.

    `text` says it to people; `value_from` works it out.
    """

    text: str
    value_from: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Variable:
    """All there is to know about one setting, which is one environment variable."""

    name: str
    shape: Shape[Any]
    default: Any
    example: str
    meaning: str
    is_secret: bool

    def default_after(self, earlier: Any) -> Any:
        """Its value when it is not given; `earlier` has the settings declared before it."""
        derived = isinstance(self.default, Derived)
        return self.default.value_from(earlier) if derived else self.default

    def default_text(self) -> str:
        """Its default, as people read it."""
        derived = isinstance(self.default, Derived)
        return self.default.text if derived else self.text_of(self.default)

    def text_of(self, value: Any) -> str:
        """`value` as people may see it: never that of a secret."""
        if value in (None, ""):
            return "none"
        return SECRET if self.is_secret else self.shape.show(value)


def setting(
    name: str,
    shape: Shape[Value],
    *,
    default: Value | Derived,
    example: str,
    meaning: str,
    is_secret: bool = False,
) -> Value:
    """A field of a dataclass that is the setting `name`.

    The value of a secret is in no message and no ``repr``, and may come from the file that
    ``<NAME>_FILE`` names.
    """
    variable = Variable(name, shape, default, example, meaning, is_secret)
    metadata = {_DECLARATION: variable}
    if isinstance(default, Derived):  # required when an instance is made by hand
        return cast("Value", field(repr=not is_secret, metadata=metadata))
    return field(default_factory=lambda: default, repr=not is_secret, metadata=metadata)


def group(kind: type[Declared]) -> Declared:
    """A field of a dataclass that holds the settings declared in `kind`."""
    return field(default_factory=kind, metadata={_GROUP: kind})


def variables_of(kind: type[DataclassInstance]) -> Iterator[Variable]:
    """Every setting declared in `kind` and its groups, in order."""
    for one in fields(kind):
        if _GROUP in one.metadata:
            yield from variables_of(one.metadata[_GROUP])
        else:
            yield one.metadata[_DECLARATION]


def read_declared(kind: type[Declared], environment: Mapping[str, str]) -> Declared:
    """The settings declared in `kind` as `environment` gives them.

    Raises `SettingsError` with every problem found: the variable, the shape wanted, an example.
    """
    given: dict[str, Any] = {}
    problems: list[str] = []
    for variable in variables_of(kind):
        try:
            text = _text_of(variable, environment)
            if text:
                given[variable.name] = variable.shape.parse(text)
        except (ValueError, KeyError, OSError, OverflowError) as error:
            problems.append(
                f"{_what_is_given(variable, environment, error)}; it must be "
                f"{variable.shape.text}, for instance {variable.example}."
            )
    problems += [f"{name} is not a setting." for name in _unknown(kind, environment)]
    if problems:
        raise SettingsError(
            "The settings are wrong: " + " ".join(problems),
            remedy="Correct these variables; docs/reference/settings.md lists them all.",
        )
    return _build(kind, given)


def changed_settings(settings: DataclassInstance) -> Iterator[tuple[str, str]]:
    """The settings that are not at their default: each variable's name, and its value as shown."""
    for one in fields(settings):
        value = getattr(settings, one.name)
        if _GROUP in one.metadata:
            yield from changed_settings(value)
            continue
        variable: Variable = one.metadata[_DECLARATION]
        if value != variable.default_after(settings):
            yield variable.name, variable.text_of(value)


def _text_of(variable: Variable, environment: Mapping[str, str]) -> str:
    file_name = environment.get(f"{variable.name}_FILE", "") if variable.is_secret else ""
    if file_name and not environment.get(variable.name):
        return Path(file_name).read_text().strip()
    return environment.get(variable.name, "").strip()


def _what_is_given(variable: Variable, environment: Mapping[str, str], error: Exception) -> str:
    if variable.is_secret and isinstance(error, OSError):
        # The name of the file is not shown: it may be the secret itself, put there by mistake.
        return f"{variable.name}_FILE names a file that cannot be read ({error.strerror})"
    if variable.is_secret:
        return f"{variable.name} is {SECRET}"
    given = environment[variable.name]
    if variable.shape.is_url and "@" in given:
        given = f"{SECRET}@{given.rpartition('@')[2]}"
    return f"{variable.name} is {given!r}"


def _unknown(kind: type[DataclassInstance], environment: Mapping[str, str]) -> list[str]:
    known = set()
    for variable in variables_of(kind):
        known |= {variable.name, f"{variable.name}_FILE"} if variable.is_secret else {variable.name}
    return sorted(name for name in environment if name.startswith(PREFIX) and name not in known)


def _build(kind: type[Declared], given: Mapping[str, Any]) -> Declared:
    earlier = SimpleNamespace()
    for one in fields(kind):
        if _GROUP in one.metadata:
            value = _build(one.metadata[_GROUP], given)
        else:
            variable: Variable = one.metadata[_DECLARATION]
            is_given = variable.name in given
            value = given[variable.name] if is_given else variable.default_after(earlier)
        setattr(earlier, one.name, value)
    return kind(**vars(earlier))
