"""The names that are known of the vendor's price list (KA Partner API 1.0, constants): what each is and what it fits.

The vendor spells inconsistently, so names are opaque: they stand here whole and none is ever made by a rule. A name
that does not stand here is not wrong; it is a base type or a single feature that fits everything.
"""

from __future__ import annotations

from typing import Final, NamedTuple

PLESK = frozenset({"plesk", "plesk-win"})
PLESK_VZ = frozenset({"plesk-vz", "plesk-win-vz"})
PLESK_VMM = frozenset({"plesk-vmm", "plesk-win-vmm"})
ALL_PLESK = PLESK | PLESK_VZ | PLESK_VMM
LINUX_PLESK = frozenset({"plesk", "plesk-vmm"})
WINDOWS_PLESK = frozenset({"plesk-win", "plesk-win-vmm"})
VIRTUOZZO = frozenset({"virtuozzo", "virtuozzo-win"})
ANYTHING: frozenset[str] = frozenset()


class BaseType(NamedTuple):
    """A key type that is sold on its own; `line` is what features and additional types are matched with."""

    label: str
    line: str
    prefix: str  # of its key numbers
    family: str  # the vendor's word for the product


class Addition(NamedTuple):
    """An additional key type and the lines it can be ordered with."""

    label: str
    fits: frozenset[str]
    prefix: str
    family: str


class KnownFeature(NamedTuple):
    """A feature, the lines it fits (ANYTHING: all) and the group of which at most one is chosen ("": none)."""

    label: str
    fits: frozenset[str] = ANYTHING
    group: str = ""


BASE_TYPES: Final[dict[str, BaseType]] = {
    "PLESK_10_AND_LATER": BaseType("Plesk 10 and later", "plesk", "PLSK", "plesk"),
    "PLESK_10_AND_LATER_FOR_VZ": BaseType("Plesk 10 and later for Virtuozzo", "plesk-vz", "PLSK", "plesk"),
    "PLESK_10_AND_LATER_FOR_WIN": BaseType("Plesk 10 and later for Windows", "plesk-win", "PLSK", "plesk"),
    "PLESK_10_AND_LATER_FOR_WIN_FOR_VZ": BaseType(
        "Plesk 10 and later for Windows in Virtuozzo", "plesk-win-vz", "PLSK", "plesk"
    ),
    "PLESK-10-AND-LATER-FOR-VMM": BaseType("Plesk 10 and later for virtual machines", "plesk-vmm", "PLSK", "plesk"),
    "PLESK-10-AND-LATER-FOR-WIN-FOR-VMM": BaseType(
        "Plesk 10 and later for Windows in virtual machines", "plesk-win-vmm", "PLSK", "plesk"
    ),
    "PLESK_95_FOR_VZ": BaseType("Plesk 9.5 for Virtuozzo", "plesk-vz", "PLSK", "plesk"),
    "PLESK_8": BaseType("Plesk 8", "plesk", "PLSK", "plesk"),
    "VIRTUOZZO_CONTAINERS_4": BaseType("Virtuozzo Containers 4", "virtuozzo", "PSBM", "virtuozzo"),
    "VIRTUOZZO_CONTAINERS_4_FOR_WIN": BaseType(
        "Virtuozzo Containers 4 for Windows", "virtuozzo-win", "PSBM", "virtuozzo"
    ),
    "VIRTUOZZO_2X3X": BaseType("Virtuozzo 2.x and 3.x", "virtuozzo", "PSBM", "virtuozzo"),
    "PARALLELS-CLOUD-SERVER": BaseType("Parallels Cloud Server", "virtuozzo", "PSBM", "virtuozzo"),
    "PARALLELS-CLOUD-STORAGE": BaseType("Parallels Cloud Storage", "storage", "VZSTOR", "storage"),
    "PPA-L-M": BaseType("Plesk Automation, monthly lease", "ppa", "PLSK", "ppa"),
    "SB10X": BaseType("SiteBuilder 10.x", "sitebuilder", "EXT", "sitebuilder"),
    "CLOUDLINUX-L-M": BaseType("CloudLinux, monthly lease", "cloudlinux", "EXT", "cloudlinux"),
    "CLOUDFLARE-M": BaseType("Cloudflare, monthly", "cloudflare", "EXT", "cloudflare"),
}

ADDITIONS: Final[dict[str, Addition]] = {
    "PLESK_ANTIVIRUS_BY_KAV": Addition("Kaspersky antivirus", LINUX_PLESK, "KAV", "kav"),
    "PLESK_ANTIVIRUS_BY_KAV_FOR_VZ": Addition(
        "Kaspersky antivirus for Virtuozzo", frozenset({"plesk-vz"}), "KAV", "kav"
    ),
    "PLESK_ANTIVIRUS_BY_KAV_FOR_WIN": Addition("Kaspersky antivirus for Windows", WINDOWS_PLESK, "KAV", "kav"),
    "PLESK_ANTIVIRUS_BY_KAV_FOR_WIN_FOR_VZ": Addition(
        "Kaspersky antivirus for Windows in Virtuozzo", frozenset({"plesk-win-vz"}), "KAV", "kav"
    ),
    "PLESK_ANTIVIRUS_BY_DRWEB": Addition("Dr.Web antivirus", ALL_PLESK, "DRW", "drweb"),
    "PARALLELS_PREMIUM_ANTIVIRUS": Addition("Premium antivirus", ALL_PLESK, "DRW", "drweb"),
    "UNITY-ONE-L-M": Addition("Unity One, monthly lease", ALL_PLESK, "EXT", "unity-one"),
    "ATI_PRO": Addition("Acronis True Image Pro", ALL_PLESK | VIRTUOZZO, "EXT", "ati"),
    "LINUXMAGIC_MAGICSPAM": Addition("MagicSpam", LINUX_PLESK | {"plesk-vz"}, "APS", "magicspam"),
    "VIRTUOZZO_TOOLS": Addition("Virtuozzo Tools", VIRTUOZZO, "PSBM", "virtuozzo-tools"),
}

FEATURES: Final[dict[str, KnownFeature]] = {
    "10_DOMAINS": KnownFeature("10 domains", PLESK, "Domains"),
    "30_DOMAINS": KnownFeature("30 domains", PLESK, "Domains"),
    "100_DOMAINS": KnownFeature("100 domains", PLESK, "Domains"),
    "300_DOMAINS": KnownFeature("300 domains", PLESK, "Domains"),
    "UNLIMITED_DOMAINS": KnownFeature("Unlimited domains", PLESK, "Domains"),
    "10_DOMAINS_FOR_VZ": KnownFeature("10 domains", PLESK_VZ, "Domains (Virtuozzo)"),
    "30_DOMAINS_FOR_VZ": KnownFeature("30 domains", PLESK_VZ, "Domains (Virtuozzo)"),
    "100_DOMAINS_FOR_VZ": KnownFeature("100 domains", PLESK_VZ, "Domains (Virtuozzo)"),
    "300_DOMAINS_FOR_VZ": KnownFeature("300 domains", PLESK_VZ, "Domains (Virtuozzo)"),
    "UNLIMITED_DOMAINS_FOR_VZ": KnownFeature("Unlimited domains", PLESK_VZ, "Domains (Virtuozzo)"),
    "10_DOMAINS_FOR_VMM": KnownFeature("10 domains", PLESK_VMM, "Domains (virtual machines)"),
    "30_DOMAINS_FOR_VMM": KnownFeature("30 domains", PLESK_VMM, "Domains (virtual machines)"),
    "100_DOMAINS_FOR_VMM": KnownFeature("100 domains", PLESK_VMM, "Domains (virtual machines)"),
    "300_DOMAINS_FOR_VMM": KnownFeature("300 domains", PLESK_VMM, "Domains (virtual machines)"),
    "UNLIMITED_DOMAINS_FOR_VMM": KnownFeature("Unlimited domains", PLESK_VMM, "Domains (virtual machines)"),
    "1_LANGUAGE_PACK": KnownFeature("1 language pack", ALL_PLESK, "Language packs"),
    "2_LANGUAGE_PACKS": KnownFeature("2 language packs", ALL_PLESK, "Language packs"),
    "3_LANGUAGE_PACKS": KnownFeature("3 language packs", ALL_PLESK, "Language packs"),
    "4_LANGUAGE_PACKS": KnownFeature("4 language packs", ALL_PLESK, "Language packs"),
    "5_LANGUAGE_PACKS": KnownFeature("5 language packs", ALL_PLESK, "Language packs"),
    "UNLIMITED_LANGUAGE_PACKS": KnownFeature("Unlimited language packs", ALL_PLESK, "Language packs"),
    "PLESK_POWER_PACK": KnownFeature("Power pack", LINUX_PLESK),
    "PLESK_POWER_PACK_FOR_WIN": KnownFeature("Power pack for Windows", WINDOWS_PLESK),
    "PLESK_POWER_PACK_FOR_VZ": KnownFeature("Power pack for Virtuozzo", PLESK_VZ),
    "PLESK-100-SITES": KnownFeature("100 sites", ALL_PLESK),
    "ADDON-WPB-100-M": KnownFeature("Web Presence Builder, 100 sites, monthly", ALL_PLESK),
    "2CPU_40VPS": KnownFeature("2 CPU, 40 VPS", VIRTUOZZO, "Capacity"),
    "8CPU_100CT_PVA": KnownFeature("8 CPU, 100 containers, with PVA", VIRTUOZZO, "Capacity"),
    "REINSTATE_SUS": KnownFeature("Upgrade and support service reinstated"),
    "NEWSFEED_OFF": KnownFeature("News feed off", ALL_PLESK),
    "VIRTUOZZO_PROMO_OFF": KnownFeature("Virtuozzo promotion off", ALL_PLESK),
}


def feature_fits(feature: str, key_type: str) -> bool:
    """False only where both names are known and are known not to go together."""
    known, base = FEATURES.get(feature), BASE_TYPES.get(key_type)
    return known is None or base is None or not known.fits or base.line in known.fits


def addition_fits(addition: str, key_type: str) -> bool:
    """False only where the base type is known and the addition is not for its line."""
    known, base = ADDITIONS.get(addition), BASE_TYPES.get(key_type)
    return known is not None and (base is None or base.line in known.fits)
