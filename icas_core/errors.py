"""The errors that are the user's to mend, told in one line."""


class IcasError(Exception):
    """Something the user can mend; its text names the file or key, what was found, what is accepted."""


class RejectedPicture(IcasError):
    """One picture that cannot be used; its text is the reason, without the picture's path."""
