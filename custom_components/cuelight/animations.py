"""The animations that a button can be asked for, and their pictures as far as this house knows them."""

from base64 import b64decode
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Final

from .analysis import Animation, CodecError
from .analysis.codec import decode_animation
from .analysis.plot import draw_gif
from .cues.models import BUILT_IN_ANIMATIONS
from .link.const import FIRST_UPLOADED_ASSET

LAST_ASSET: Final = 0xFFFF
NAMES: Final = BUILT_IN_ANIMATIONS

# The firmware's own drawings (firmware/core/art), as compiled into it.
BUILT_IN: Final = {
    "idle": b64decode(
        "ACAEAAwCAHLFBQcEQgEAgPKiog4qKiDioqIOCQ4JDgkPCAQCARHBQUFm2FyIgEsAAAMAcsUFIyDCEITRUEYSjISjJUVEjISjISjY"
        "QjoQj46EoqAigAADAHLFBSMgwhCE0VBGEoyEoyVFRIyEoyEo2EI6EI+OhKKgIoAAAwAkxFQXRUAYsAMAJMRUF0VAGLAAAwByxQUj"
        "IMIQhNFQRhKMhKMlRUSMhKMhKNhCOhCPjoSioCKAAA=="
    ),
    "jump": b64decode(
        "ACAMAA0CAHLFBQcEQgEAgPKiog4qKiDioqIOCQ4JDgkPCAQCARHBQUFm2FyIgEsAAgAmcJDQoLOiowo6KjCjoqMKCwoLCgsLCg0J"
        "BIiIBLACAFNMGBQVGBQYE2ipBJoqQSaKkEhwSHBIcEhwSHBIcEhwTGBQYFRQYMGG2FyIgEsCAI0wYFBUYFBgTaKkEmipBJoqQSHB"
        "IcEhwSHBIcEhwSHBMYFBgVFBgwYbYXIiANQcCkACASxQUHBEIBAIDyoqIOKiog4qKiDgkOCQ4JDwgEAgERwUFBZthciIAZcQCwAC"
        "CxQUHBEIBAIDyoqIOKiog4qKiDgkOCQ4JDwgEAgERwUFBZthciIAdcQCwAADCxQUHBFimEI6PkRU46RFTgzRUF0VAyhCOhCPjoQY"
        "phFNthhBpthciIAcsAIAjTBgUFRgUGBNoqQSaKkEmipBIcEhwSHBIcEhwSHBIcExgUGBUUGDBhthciIA1BwKQAIAJnCQ0KCzoqMK"
        "Oiowo6KjCgsKCwoLCwoNCQSIiASwAgByxQUHBEIBAIDyoqIOKiog4qKiDgkOCQ4JDwgEAgERwUFBZthciIBLAA=="
    ),
    "turn": b64decode(
        "ACAIAAwCAHLFBQcEQgEAgPKiog4qKiDioqIOCQ4JDgkPCAQCARHBQUFm2FyIgEsAAwAkxUlQUVJUFFSVAFoAAwAk9MgXTIF0yAsY"
        "dYeQD5ADACVEHkHkC5h1h5APkAAAAAMAJKQeQeQE1h1h5AOQAwAknkQX5EF+RAR2HWHkA5ADACSVSVBRUlQUVJUAWsAA"
    ),
    "approach": b64decode(
        "ACAIAAsCAM4gbMGtYaMGyACrgAACAENMGRAXFBZ3QWd0FhQXEBkwAg0AAgBSxQUHBEIBAIDyoqIOKiog4qKiDgkOCQ4JDwgEAgER"
        "wUFAELAAAgBKhgSCA8JDQoLCworMyiTMzMIMzMwgzMzCAwIDAgMCAwJCwoLCwoNCQ8IBIYAigAACAKkcEAkNCgoMCAwcNFDhA4xB"
        "DkOhBDkOhBDkOhBDkOhBDkOhBDkOg8g8g8g8w4QOFDRwwIDAoKDQkEBwKQAA"
    ),
    "fall": b64decode(
        "ACAKAAoCCxQYMAPNAgoYFBgVFBYUAOLAAgkcEhwSHBIcEhwTGBQYFRQWFAC6wAILFBUYFBgTHBJoqQSaKkEmipBIcEhwSHBIcEhw"
        "SHBMYFBgVFBYUAesAgBTTBgUFRgUGBMcEmipBJoqQSaKkEhwSHBIcEhwSHBIcExgUGBUUFhQCLACACpwkNCgsLCjcnMKPNOKNycw"
        "oLCgsLCg0JAnAwBiZYYbYYlgCMADAFOlhhthOREhNthiWAIwAwBTpYYbYTkRITbYYlgCMAMAU6WGG2E5ESE22GJYAjA="
    ),
    "shake": b64decode(
        "ACAMAAcCAHLFBQcEQgECNtjytsg4rbIOK2yDgkOCQ4/zDz8wQCARHBQUFm2FyIgEsAIAckUFBwRCBYojbZogrbISJK2yFiCtshIk"
        "JDgkOP8w8/MEAgERwUFBZthciIBNAgBzRQUHCpggKlI22JlK2yCZCtsgiUrbIOCQ4JDj/MPPzBAIBEcFBQWbYXIiASQCAHJFBQcE"
        "QgECNtjytshIkrbIWIK2yEiQkWICRIk/zDz8wQCARHBQUFm2FyIgE0ACAHNFBQcEQgECNtiZStsgmQrbIIlK2yCZAkIlCQ4/zDz8"
        "wQCARHBQUFm2FyIgEkACAHKFBQcEQgECNtjytsg4rbIOK2yDgkOCQ4/zDz8wQCARHBQUFm2FyIgEwAIAcwUFBwRCAQI22PK2yDit"
        "sg4rbIOCQ4JDj/MPPzBAIBEcFBQWbYXIiASg"
    ),
    "sleep": b64decode(
        "ACADAAcCACpgkNCgsLCgsKLV1MKMio4oLCgsLCg0JAoAAAMAfYgeh6HiAGmAAwB1iBxYdQd0HCAtCA6EoFCrqFSMgWRUDGFILIQg"
        "oAMA2Ch6Hoeh4oOCB6H2G2H4eIAcYAIAmSh6Hoeh4oBiAkNCgsLCgsKLV1MKMio4oLCgsLCg0JAoAwOCh6HofIGiB+HoeKALiA=="
    ),
    "happy": b64decode(
        "ACAIAAYCAK5UGyhxh6AuhQUHBEIBAIDyoiKOJVVIOCQ4JDjSyjj3MPOzBAIBEcFBQWbYXIiASwACAblQaOGThoocYegehQRUdQ0J"
        "DwgPKiIo4lVUg4JDgkONLKOPcw87MEAgERwUFBZthciIAiwCATlQaOGThoocYegdUxTQ0JDwgEAgPKiIo4lVUg4JDgkONLKOPcw8"
        "7MEAgERwUFBZthciIAqwAAIAjlQbKHGHoCaFBFR1DQkPCA8qIijiVVSDgkOCQ40so49zDzswQCARHBQUFm2FyIgCLA=="
    ),
    "alert": b64decode(
        "ACAEAAQCAvQeQdIHCBswaOGBAXFBYUFSEIFCEIEykKEikKETEMEDEMPOQ445DjRBBAsSQSKEkEiQwIDBxZBZhZBZRhBhBqGsPIPA"
        "YQADAM9B5B0gcIGzBowZEBgQFxQWFBUYFBgTHBIcEQgPCQ4JDQoMCgsLCgsApQA="
    ),
    "safe": b64decode(
        "ACAGAAoCAT0GxAVMjDzmOKMMMIIECCEFEIQUQhBRCEFEIQUQhBRCEFEIQUQhBRCUEkKQSQtBBDEEENQ5DmMY9imEWIYTZmFSNhgw"
        "bIHUBPAAAwB6EH0H0H0AbMADAHIQe4e50FeVBftBpUHGHoBUAAMAVdB1hxhxhxhKJYUnWFZVhe1hmuG6h1AFQAAAAAAA"
    ),
}


def asset_id_of(data: bytes) -> int:
    """Return the id for an animation, chosen by its content: what a button holds already is recognised."""
    return FIRST_UPLOADED_ASSET + int.from_bytes(sha256(data).digest()[:4]) % (LAST_ASSET + 1 - FIRST_UPLOADED_ASSET)


def parse(data: bytes) -> Animation | None:
    """Return the animation, or None for a sprite or anything else that is none."""
    try:
        side, fps, pictures = decode_animation(data)
    except CodecError:
        return None
    return Animation(data, side, fps, len(pictures))


def write_gif(animation: Animation, path: Path) -> None:
    """Write a preview; blocking."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draw_gif(animation, path)


def gif(animation: Animation) -> bytes:
    """Return it as a looping GIF; blocking."""
    out = BytesIO()
    draw_gif(animation, out)
    return out.getvalue()
