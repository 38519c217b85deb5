"""Ready keys: their files, who gets them, their pages."""
