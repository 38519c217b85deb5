"""What people bring many of at once."""

from collections.abc import Sequence

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _

from ka_plugins.contract import KeyFile
from licenses.forms import FilesField
from licenses.mass_upload.reading import MAX_PIECES

_ENVELOPE = 512 * 1024  # bytes that a form needs around its files
MOST_BYTES = settings.FILE_UPLOAD_MAX_MEMORY_SIZE - _ENVELOPE  # of a larger body no file is taken


class MassUploadForm(forms.Form):
    """Files, ZIP archives and lists of keys, all in one field."""

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type] # Django's own arguments
        self.fields["files"] = FilesField(label=_("Files"), allow_empty_file=True)
        self.fields["files"].help_text = _(
            "License files, ZIP archives of them, and lists of keys (CSV or XLSX with a column named key): together up "
            "to %(size)s MiB and %(n)s files. Choose many at once, or drop them here."
        ) % {"size": MOST_BYTES // 1024 // 1024, "n": MAX_PIECES}

    def refuse_larger(self, length: int) -> None:
        """Of a body larger than allowed no file was taken; to say that nothing came would mislead."""
        if length > MOST_BYTES:
            size = MOST_BYTES // 1024 // 1024
            self.add_error("files", _("Together the files are larger than %(size)s MiB.") % {"size": size})

    def brought(self) -> Sequence[KeyFile]:
        """The files as the service takes them."""
        return [KeyFile(str(file.name), file.read()) for file in self.cleaned_data["files"]]
