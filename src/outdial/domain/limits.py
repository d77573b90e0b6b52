"""How much of anything a customer may send: every limit of a size or a count, in one place.

Whatever is longer is refused with the field's name, never cut silently. Letters are Unicode code points, sizes in bytes
are of UTF-8. The pages and the OpenAPI documents quote these names.
"""

from __future__ import annotations

from typing import Final

# Flows and agents.
MAX_FLOW_STEPS: Final = 500
MAX_FLOW_TEXT_LETTERS: Final = 4_000
"""One text of a flow: a line to say, a pattern, a name."""
MAX_GREETING_LETTERS: Final = 2_000
"""Greetings, farewells, idle questions."""
MAX_PROMPT_BYTES: Final = 64 * 1024

# Contact lists.
MAX_CELL_BYTES: Final = 2 * 1024
MAX_ROW_BYTES: Final = 16 * 1024

# Webhooks.
MAX_WEBHOOK_ENDPOINTS: Final = 1_000
"""Endpoints of a workspace with a secret of their own."""
MAX_WEBHOOK_URL_LETTERS: Final = 2_048
MAX_REPLAYED_AT_ONCE: Final = 10_000
"""Deliveries one request sends again; ask once more for the rest."""

# Answers.
MAX_FAULTS_NAMED: Final = 100
"""Faults listed in one answer; the rest are counted: "and N more"."""

# What is spoken. Beyond it nothing is refused: it stays unsaid, and the call's trouble tells so.
MAX_SENTENCE_LETTERS: Final = 250
"""Given to a voice at once; a longer sentence is cut after a clause, else between two words."""
MAX_REPLY_LETTERS: Final = 8_000
"""Said without the callee's turn between: about nine minutes."""
