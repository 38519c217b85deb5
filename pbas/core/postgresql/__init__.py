"""Django's back end for PostgreSQL with one look less."""
