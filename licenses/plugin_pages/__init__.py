"""The pages of plug-in configurations and their license classes."""
