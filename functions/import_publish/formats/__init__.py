"""Files of products as records: CSV, NDJSON, JSON arrays and XLSX, plain or packed, from bytes that nobody trusts.

`read` is all there is to call. It works forward, in flat memory, and answers for every row: a row that cannot be
read is a Record with a problem, and a file that cannot be read any further is a FileProblem.
"""

from functions.import_publish.formats.limits import Cell, FileProblem, Hints, Limits, Problem, Record
from functions.import_publish.formats.table import Table, read

__all__ = ["Cell", "FileProblem", "Hints", "Limits", "Problem", "Record", "Table", "read"]
