"""The one place that remembers: SQLAlchemy Core over SQLite or PostgreSQL."""
