"""The programs of cloudbuild.yaml, one step each: `python -m infra.pipeline STEP`.

They run on a bare Python 3.11 before anything is installed, so they use the standard library and nothing of ours.
"""


class Failed(Exception):
    """The step cannot go on; the message is for the person who reads the build's log."""
