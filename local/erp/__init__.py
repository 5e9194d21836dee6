"""ERPs to import from on one's own machine: REST, SOAP, GraphQL, files and SFTP, with a demo assortment; they
misbehave on demand. `python -m local.erp --help`.
"""

from local.erp.assortment import Assortment
from local.erp.misbehaviour import KINDS, Misbehaviour

__all__ = ["KINDS", "Assortment", "Misbehaviour"]
