"""Verifies a receipt that was stored in a file: python receipt.py FILE"""

import os
import sys
from pathlib import Path

from livegate import Livegate
from livegate.receipts import verify_receipt

with Livegate(os.environ["BASE"]) as livegate:
    jwks = livegate.jwks()  # Keep a copy: it verifies receipts without the service.
print(verify_receipt(Path(sys.argv[1]).read_text().strip(), jwks))
