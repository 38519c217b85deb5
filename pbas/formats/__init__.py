"""How each language writes days and times, where the panel writes them shorter than Django does."""
