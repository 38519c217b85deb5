"""cPanel licenses from Manage2: bound to an IP address, nothing to put on the server."""
