"""What a service says when it will not do what it was asked. Pages show it at its field, the API as RFC 9457."""

from typing import ClassVar


class Problem(Exception):  # noqa: N818 (RFC 9457's own word)
    """Bad input: nothing was changed. `message` tells a person what is wrong and what he can do; `field` where."""

    status: ClassVar[int] = 422
    title: ClassVar[str] = "That cannot be done"

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.message, self.field = message, field


class ConflictProblem(Problem):
    """It was right once, but the object has moved on meanwhile."""

    status = 409
    title = "It has changed meanwhile"


class UnknownProblem(Problem):
    """What is named does not exist."""

    status = 404
    title = "Not found"
