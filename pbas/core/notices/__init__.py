"""Long work that somebody asked for: he sees in the panel that it is under way, and is told when it has ended."""
