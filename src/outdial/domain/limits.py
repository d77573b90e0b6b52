"""How much of anything a customer may send: every limit of a size or a count, in one place.

Whatever is longer is refused with the field's name, never cut silently. Letters are Unicode code points, sizes in bytes
are of UTF-8. The pages and the OpenAPI documents quote these names.
"""

from __future__ import annotations

from typing import Final

# Every JSON body, whatever its route and whatever members of it are known.
MAX_JSON_VALUES: Final = 20_000
"""Values in one document, counted with all their parts."""
MAX_JSON_MEMBERS: Final = 1_000
"""Members of one object, items of one list."""
MAX_JSON_DEPTH: Final = 64
"""Deeper nesting than any client needs, and shallower than what exhausts the stack of a JSON writer."""
MAX_JSON_NAME_LETTERS: Final = 256
MAX_JSON_TEXT_BYTES: Final = 64 * 1024
MAX_NUMBER_DIGITS: Final = 1_000
"""A whole number as written."""

# Flows and agents.
MAX_FLOW_STEPS: Final = 500
MAX_FLOW_CHOICES: Final = 200
"""Entries of one list of a flow: alternatives, phrases, branches, replies, texts said one after the other."""
MAX_FLOW_TEXT_LETTERS: Final = 4_000
"""One text of a flow: a line to say, a value to keep."""
MAX_PHRASE_LETTERS: Final = 200
"""A phrase to be heard, or a value to be compared with: every one is looked for while the callee waits."""
MAX_FLOW_NAME_LETTERS: Final = 128
"""A step, an answer, a variable."""
MAX_FLOW_BYTES: Final = 256 * 1024
"""A whole flow, written as JSON."""
MAX_PATTERN_LETTERS: Final = 500
MAX_PATTERN_MEMORY_BYTES: Final = 128 * 1024
"""What a pattern may take when it is compiled; a search of ``MAX_HEARD_LETTERS`` then takes about a millisecond."""
MAX_HEARD_LETTERS: Final = 200
"""What a pattern looks at: so much of what was heard."""
MAX_GREETING_LETTERS: Final = 2_000
"""Greetings, farewells, idle questions."""
MAX_PROMPT_BYTES: Final = 64 * 1024
MAX_PROMPT_SECTIONS: Final = 100
MAX_VOCAB_WORDS: Final = 500
MAX_VOCAB_LETTERS: Final = 128
MAX_KNOWLEDGE_BASES: Final = 100
"""Of one agent."""
MAX_OPTIONS_BYTES: Final = 32 * 1024
"""What an agent's editor keeps for itself, or the defaults or a context of its analysis, written as JSON."""
MAX_ANALYSIS_KEYS: Final = 100
MAX_ANALYSIS_NAME_LETTERS: Final = 64
MAX_ANALYSIS_TEXT_LETTERS: Final = 4_000
"""The prompt of an analysis, what a key or a label means."""
MAX_AGENT_FILE_BYTES: Final = 1024 * 1024

# Variables: of a call, and the values an agent has for those a call does not bring.
MAX_VARIABLES: Final = 256
MAX_VARIABLE_NAME_LETTERS: Final = 256
MAX_VARIABLE_LETTERS: Final = 16_000
"""One value as it is spoken."""
MAX_VARIABLES_BYTES: Final = 256 * 1024
"""All of them, written as JSON."""
MAX_RINGLY_VARIABLES: Final = 100
MAX_RINGLY_VALUE_LETTERS: Final = 4_096
"""Of the Ringly dialect, as its page says."""
MAX_METADATA_BYTES: Final = 64 * 1024

# What texts become when their variables are filled in: cut there, with a warning.
MAX_RENDERED_LETTERS: Final = 16_000
"""One text that is spoken."""
MAX_RENDERED_PROMPT_LETTERS: Final = 256 * 1024
MAX_RENDERED_FLOW_LETTERS: Final = 512 * 1024
"""All the texts of a flow together."""

# Names, addresses and the like, wherever they stand.
MAX_NAME_LETTERS: Final = 256
"""Of a person, a number, a line."""
MAX_LABEL_LETTERS: Final = 128
"""Tags, categories, ids that are looked up."""
MAX_DESCRIPTION_LETTERS: Final = 500
"""Of a version of an agent."""
MAX_URL_LETTERS: Final = 2_048
MAX_HEADERS: Final = 50
MAX_HEADER_NAME_LETTERS: Final = 128
MAX_HEADER_LETTERS: Final = 8_192
MAX_HEADERS_BYTES: Final = 16 * 1024
"""All the headers of one endpoint or line, names and values."""
MAX_PARAMS: Final = 50
"""Query parameters added to a callback's URL."""
MAX_PARAM_LETTERS: Final = 2_048
MAX_CALLER_NUMBERS: Final = 100
MAX_MAILS: Final = 100
"""People to be told of a campaign's end."""
MAX_POOL_NUMBERS: Final = 1_000
MAX_TAGS: Final = 100
MAX_SUBSCRIPTIONS: Final = 50
MAX_DOMAINS: Final = 100
MAX_DOMAIN_LETTERS: Final = 255
MAX_FILTERS: Final = 20
"""``metadata.…`` and ``variables.…`` in one query."""

# Contact lists.
MAX_LIST_BYTES: Final = 50_000_000
"""Of a file as it comes, and of a workbook once its sheet is written out as text."""
MAX_LIST_ROWS: Final = 500_000
MAX_LIST_COLUMNS: Final = 200
MAX_LIST_LINE_LETTERS: Final = 1_000_000
"""One row of a file as it stands there, line ends in its cells included."""
MAX_CELL_BYTES: Final = 2 * 1024
"""Of a cell that is mapped to a variable."""
MAX_ROW_BYTES: Final = 16 * 1024
"""The names and values of all variables of one row."""
MAX_LIST_GROWTH: Final = 32
"""How many times its file a list may become, when its columns are mapped again and again."""

# Files for knowledge bases.
MAX_KNOWLEDGE_LETTERS: Final = 2_000_000
"""What is kept of one file or page; the rest of it is not read."""
MAX_COLUMN_NAME_LETTERS: Final = 80
"""What is kept of a column's name, which stands again before each of its cells."""

# Webhooks.
MAX_WEBHOOK_ENDPOINTS: Final = 1_000
"""Endpoints of a workspace with a secret of their own."""
MAX_REPLAYED_AT_ONCE: Final = 10_000
"""Deliveries one request sends again; ask once more for the rest."""

# Answers.
MAX_FAULTS_NAMED: Final = 100
"""Faults listed in one answer; the rest are counted: "and N more"."""
MAX_FAULT_LETTERS: Final = 500
"""One of their sentences; what it quotes is cut at ``MAX_QUOTED_LETTERS``."""
MAX_QUOTED_LETTERS: Final = 100

# What is spoken. Beyond it nothing is refused: it stays unsaid, and the call's trouble tells so.
MAX_SENTENCE_LETTERS: Final = 250
"""Given to a voice at once; a longer sentence is cut after a clause, else between two words."""
MAX_REPLY_LETTERS: Final = 8_000
"""Said without the callee's turn between: about nine minutes."""
