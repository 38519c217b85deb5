"""Lists of the panel: what an address asks for, columns, saved views, exports, and actions over many rows."""
