"""What can be wrong with a cue map."""


class CuesError(Exception):
    """Root of everything the cues raise on purpose."""


class CueMapError(CuesError):
    """The user's cue map cannot be used; `where` names the place (``rules[2].do[0].servo``), `problem` says why."""

    def __init__(self, where: str, problem: str) -> None:
        """Name the place and the problem."""
        super().__init__(f"{where}: {problem}.")
        self.where = where
        self.problem = problem


class NoPicture(CuesError):
    """A button is asked to show a picture that the scene does not have; `name` says which."""

    def __init__(self, name: str) -> None:
        """Name the missing picture."""
        super().__init__(f"The scene has no {name} to show.")
        self.name = name
