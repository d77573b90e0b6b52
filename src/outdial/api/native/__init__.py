"""The native API: neutral words, strict bodies, problem details (RFC 9457), and what no vendor's API can say."""
