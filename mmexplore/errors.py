"""The one error a person is meant to read."""


class UserError(Exception):
    """Something the person can mend: bad input, a missing step, no network.

    Args:
        what: what is wrong, one clause ("the image cannot be decoded").
        where: the file, row, column or option it is about ("photos/03.jpg, row 4").
        remedy: what to do next ("save it again as JPEG or PNG").

    ``str(error)`` is one sentence: ``where: what; remedy.``
    """

    def __init__(self, what: str, where: str = "", remedy: str = "") -> None:
        self.what, self.where, self.remedy = what, where, remedy
        sentence = f"{where}: {what}" if where else what
        if remedy:
            sentence = f"{sentence}; {remedy}"
        super().__init__(sentence.rstrip(".") + ".")

    def __reduce__(self):  # crosses process borders with its three parts
        return (type(self), (self.what, self.where, self.remedy))


class Cancelled(Exception):
    """Raised inside long work when the person pressed Cancel."""
