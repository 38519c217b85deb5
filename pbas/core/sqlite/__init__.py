"""Django's back end for SQLite, with more patience between two writers."""
