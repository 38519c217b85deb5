"""Django's back end for PostgreSQL; whether a kept connection is still good costs no statement."""

from select import POLLIN, poll

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """Django asks the server before the first statement of each request; a twentieth of a list's page is that."""

    def is_usable(self) -> bool:
        """Whether the server has left the line open.

        A server that stops or is cut off has closed it, which can be read. Where there is something to read at all, a
        notification, a warning or that end, Django's question tells what it is.
        """
        if self.connection is None or self.connection.closed:
            return False
        line = poll()
        line.register(self.connection.fileno(), POLLIN)
        return bool(super().is_usable()) if line.poll(0) else True
