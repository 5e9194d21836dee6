"""The operator's command line; see `python -m retailscan --help`."""


class Complaint(Exception):
    """Something the operator must put right; the message is all that is shown."""
