"""A DLL for Windows without any code: its function is one of another DLL (PE Format, "Export Directory Table").

Wine 8 has no bcryptprimitives.dll, which programs in Rust since 1.78 need, for ProcessPrng. RtlGenRandom
(SystemFunction036 of advapi32) takes the same arguments.
"""

import struct

_SECTION, _ALIGNED = 0x1000, 0x200


def dll(name: str, function: str, forwarded_to: str) -> bytes:
    """The DLL `name` for x86-64 with one `function`, which is DLL.FUNCTION of another one."""
    texts = [text.encode() + b"\0" for text in (forwarded_to, function, name)]
    tables = 40 + 4 + 4 + 2  # the directory, and one entry of each table
    starts = [_SECTION + tables + sum(map(len, texts[:at])) for at in range(3)]
    addresses, names, ordinals = _SECTION + 40, _SECTION + 44, _SECTION + 48
    directory = struct.pack("<2I2H7I", 0, 0, 0, 0, starts[2], 1, 1, 1, addresses, names, ordinals)
    exports = directory + struct.pack("<2IH", starts[0], starts[1], 0) + b"".join(texts)
    optional = struct.pack(
        "<H2B5IQ2I6H4I2H4Q2I", 0x20B, 14, 0, 0, _ALIGNED, 0, 0, _SECTION, 0x1_8000_0000, _SECTION, _ALIGNED,
        6, 0, 0, 0, 6, 0, 0, 2 * _SECTION, _ALIGNED, 0, 2, 0x160, 0x10_0000, 0x1000, 0x10_0000, 0x1000, 0, 16,
    ) + struct.pack("<2I", _SECTION, len(exports)).ljust(16 * 8, b"\0")  # fmt: skip
    section = struct.pack("<8s6I2HI", b".edata", len(exports), _SECTION, _ALIGNED, _ALIGNED, 0, 0, 0, 0, 0x4000_0040)
    image = b"PE\0\0" + struct.pack("<2H3I2H", 0x8664, 1, 0, 0, 0, len(optional), 0x2022) + optional + section
    dos = (b"MZ" + b"\0" * 58 + struct.pack("<I", 64)).ljust(64, b"\0")
    return (dos + image).ljust(_ALIGNED, b"\0") + exports.ljust(_ALIGNED, b"\0")
