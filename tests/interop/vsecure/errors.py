"""How a file is refused: a class (which part is wrong), a stable code, and words for a person."""


class Refused(Exception):
    """The file breaks a rule of the format."""

    def __init__(self, kind, code, detail=""):
        super().__init__(f"{kind}/{code}: {detail}" if detail else f"{kind}/{code}")
        self.kind, self.code, self.detail = kind, code, detail


class NeedsNewer(Refused):
    """The file asks for more than this reader knows: it is not judged."""

    def __init__(self, detail=""):
        super().__init__("format", "needs-newer", detail)


class Conflict(Refused):
    """git left it: there is nothing to serve, and nobody is accused."""


class Unmerged(Conflict):
    """The marks of a conflict stand in it."""

    def __init__(self):
        super().__init__("merge", "unmerged")


class MergedAsText(Conflict):
    """Its records are whole, and what follows from them is not what stands there. `refusal` is what is wrong."""

    def __init__(self, refusal):
        super().__init__("merge", "merged-as-text", str(refusal))


class HistoryMissing(Refused):
    """What is asked for needs closed history that is not beside the file: nobody is accused."""

    def __init__(self, detail=""):
        super().__init__("history", "history-missing", detail)


def malformed(code, detail=""):
    return Refused("format", code, detail)
