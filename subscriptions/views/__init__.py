"""The staff's pages of this leg, one module for each subject."""
