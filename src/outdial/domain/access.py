"""What a key may do."""

from __future__ import annotations

from typing import Final

FULL: Final = "full"
READ: Final = "read"
"""It changes nothing, and places no calls."""
PUBLISHABLE: Final = "publishable"
"""It stands in web pages for all to see, and opens web calls alone, from pages the agent lists."""
ACCESSES: Final = (FULL, READ, PUBLISHABLE)
