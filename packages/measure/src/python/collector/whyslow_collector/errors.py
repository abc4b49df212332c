"""What becomes of a run that cannot go on: one line, the place in the user's own code, and whose fault it is."""


class Contract(Exception):
    """The file cannot be used as it is; the text says what to do."""


def reason_of(error):
    """One line, as Python would say it."""
    if isinstance(error, SystemExit):
        code = error.code
        return "it called exit(%s)" % ("" if code is None else repr(code))
    text = " ".join(str(error).split())
    name = type(error).__name__
    return (name + ": " + text if text else name)[:1000]
