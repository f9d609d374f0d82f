"""Windows' access lists, as bytes: of who may use what is a user's alone, and of many others."""

import struct

FULL, READ, WRITE = 0x1F01FF, 0x120089, 0x120116
HARMLESS = 0x1200A8  # read its attributes, its access list, and go through
# ACE types ([MS-DTYP] 2.4.4.1): those that allow, those that deny, and what nobody knows.
ALLOW, DENY, OBJECT, CALLBACK, CALLBACK_OBJECT = 0, 1, 5, 9, 11
ALL_THAT_DENY = (1, 6, 10, 12)
COMPOUND, UNKNOWN = 4, 99
PASSED_ON_ONLY = 0x0B


def sid(*parts: int) -> bytes:
    """S-1-..., in its binary form."""
    authority, *rest = parts
    return bytes([1, len(rest)]) + authority.to_bytes(6, "big") + b"".join(struct.pack("<I", part) for part in rest)


OTHER = sid(5, 21, 1, 2, 3, 1002)
SYSTEM, ADMINISTRATORS, OWNER_RIGHTS, CREATOR_OWNER = sid(5, 18), sid(5, 32, 544), sid(3, 4), sid(3, 0)
EVERYONE = sid(1, 0)
OTHERS = {
    "Everyone": EVERYONE,
    "Users": sid(5, 32, 545),
    "Guests": sid(5, 32, 546),
    "another user": OTHER,
    "Authenticated Users": sid(5, 11),
    "NETWORK": sid(5, 2),
    "a logon": sid(5, 5, 0, 12345),
    "a service": sid(5, 80, 1, 2, 3, 4, 5),
    "CREATOR GROUP": sid(3, 1),
    "ALL APPLICATION PACKAGES": sid(15, 2, 1),
    "ALL RESTRICTED APPLICATION PACKAGES": sid(15, 2, 2),
    "an AppContainer": sid(15, 2, 1, 2, 3, 4, 5, 6, 7),
    "a capability": sid(15, 3, 1),
}


def entry(who: bytes, rights: int = FULL, kind: int = ALLOW, flags: int = 3) -> bytes:
    return struct.pack("<BBHI", kind, flags, 8 + len(who), rights) + who


def descriptor(*entries: bytes, owner: bytes, control: int = 0x8004, has_list: bool = True) -> bytes:
    """A self-relative security descriptor."""
    listed = struct.pack("<BBHHH", 2, 0, 8 + sum(map(len, entries)), len(entries), 0) + b"".join(entries)
    at = 20 + len(owner) if has_list else 0
    return struct.pack("<BBHIIII", 1, 0, control, 20, 0, 0, at) + owner + listed


def of(me: bytes) -> dict[str, tuple[bytes, bool]]:
    """Descriptors by what they are, and whether each is of a thing that only the user `me` may use."""
    allowed = [entry(who) for who in (me, SYSTEM, ADMINISTRATORS, OWNER_RIGHTS, CREATOR_OWNER)]
    closed = {
        "an empty list": descriptor(owner=me),
        "the user's": descriptor(entry(me), owner=me),
        "SYSTEM's": descriptor(*allowed, owner=SYSTEM),
        "Administrators'": descriptor(*allowed, owner=ADMINISTRATORS),
        "others are denied": descriptor(*(entry(EVERYONE, kind=kind) for kind in ALL_THAT_DENY), *allowed, owner=me),
        "others see attributes": descriptor(*allowed, entry(EVERYONE, HARMLESS), owner=me),
        "a condition for the user": descriptor(entry(me, kind=CALLBACK), owner=me),
    }
    is_open = {
        "another user's": descriptor(entry(me), owner=OTHER),
        "no list": descriptor(entry(me), owner=me, control=0x8000),
        "a NULL list": descriptor(entry(me), owner=me, has_list=False),
        "what is passed on to new files": descriptor(entry(me), entry(EVERYONE, READ, flags=PASSED_ON_ONLY), owner=me),
        "a condition for others": descriptor(entry(me), entry(EVERYONE, READ, kind=CALLBACK), owner=me),
        "denied to others, but allowed as well": descriptor(
            entry(EVERYONE, kind=DENY), entry(me), entry(EVERYONE, READ), owner=me
        ),
    }
    for name, who in OTHERS.items():
        for right, bits in (("all", FULL), ("read", READ), ("write", WRITE)):
            is_open[f"{name} may {right}"] = descriptor(entry(me), entry(who, bits), owner=me)
    for bits in (0x1000_0000, 0x8000_0000, 0x4000_0000, 1, 2, 4, 0x10, 0x40, 0x100, 0x1_0000, 0x4_0000, 0x8_0000):
        is_open[f"others have the right {bits:#x}"] = descriptor(entry(me), entry(OTHER, bits), owner=me)
    for kind in (OBJECT, CALLBACK_OBJECT, COMPOUND, UNKNOWN):
        is_open[f"an entry of kind {kind}"] = descriptor(entry(me, kind=kind), owner=me)
    return {name: (found, True) for name, found in closed.items()} | {
        name: (found, False) for name, found in is_open.items()
    }
