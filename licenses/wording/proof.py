"""What a license's page says of its proof: whether it is where it was installed, whose fault, and what can be done."""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from licenses.models import License

Found = License.Found


@dataclass(frozen=True, slots=True)
class Proof:
    """The sheet's words; `tone` is the colour of its edge. Where all is well there is no heading."""

    heading: Any = ""
    text: Any = ""
    advice: Any = ""
    fault: Any = ""
    tone: str = ""
    picture: str = "circle-check"
    may_reinstall: bool = False
    is_pending: bool = False  # a worker has it in a moment


_FAULT = _("The install target")
_WORDS: dict[str, tuple[Any, Any, str, str]] = {  # heading, advice, tone, picture
    Found.MISSING: (
        _("The license is not where it was installed"),
        _("Somebody may have removed it, or the server was set up anew."),
        *("bad", "alert-triangle"),
    ),
    Found.DIFFERENT: (
        _("Something else is where the license was installed"),
        _("Somebody may have put another license there. Look before you put ours in its place."),
        *("attention", "alert-triangle"),
    ),
    Found.OLDER: (
        _("An older version of the license is installed"),
        _("The server may have been restored from a backup."),
        *("attention", "alert-triangle"),
    ),
    Found.UNKNOWN: (
        _("Whether the license is still there is not known"),
        _("The target could not be read. That does not say that anything is wrong; it is tried again by itself."),
        *("attention", "zoom-question"),
    ),
    Found.REINSTALL: (
        _("Our files are being put there again"),
        _("They are read back afterwards."),
        *("wait", "refresh"),
    ),
    Found.LEFT: (
        _("The license has ended and is still in its target"),
        _("At the vendor it is over. It is taken out by itself; where that fails, mend the target or remove it there."),
        *("attention", "refresh"),
    ),
}


def proof_of(license_: License, *, is_bound: bool = False) -> Proof | None:
    """The words for a license that is installed, or ended and still there; None where nothing is read back.

    `is_bound`: the vendor binds it to an address, so his word is the proof and there is nothing to put anywhere.
    """
    is_left = license_.found == Found.LEFT
    if not is_left and (license_.state != License.State.INSTALLED or license_.parent_id is not None):
        return None
    is_due = license_.prove_at is not None and license_.prove_at <= timezone.now()
    if not license_.found:
        return Proof(may_reinstall=not is_bound, is_pending=is_due)
    heading, advice, tone, picture = _WORDS[license_.found]
    again = license_.found not in {Found.REINSTALL, Found.LEFT} and not is_bound
    return Proof(
        heading,
        license_.found_text or "",
        advice,
        _("The vendor, or the target's address") if is_bound else _FAULT,
        *(tone, picture),
        may_reinstall=again,
        is_pending=is_due or (license_.found == Found.REINSTALL and not license_.found_tries),
    )
