"""What can be wrong with the source of a sheet."""


class SourceError(ValueError):
    """Something that cannot be released; ``line`` is the text of the line on which it stands."""

    def __init__(self, message: str, line: str) -> None:
        super().__init__(message)
        self.line = line
