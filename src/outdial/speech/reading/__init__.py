"""Text as a person would read it aloud: numbers, amounts, dates, addresses and codes in words."""
