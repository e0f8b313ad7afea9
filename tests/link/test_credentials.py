"""Keys and their generations."""

from dataclasses import replace

import pytest

from custom_components.cuelight.link import Credentials, InvalidArgument, device_address, parse_advertisement
from custom_components.cuelight.link.credentials import ratchet
from custom_components.cuelight.link.keys import SessionKeys

CREDENTIALS = Credentials(bytes(8), bytes(4), bytes(range(32)), 2, 250)


@pytest.mark.parametrize(
    "change",
    [
        {"dev_id": bytes(7)},
        {"inst_id": bytes(5)},
        {"key": bytes(31)},
        {"key": "k" * 32},
        {"pending_key": b""},
        {"slot": 4},
        {"slot": -1},
        {"gen": 256},
    ],
)
def test_credentials_of_a_wrong_form_are_refused(change: dict) -> None:
    with pytest.raises(InvalidArgument) as caught:
        replace(CREDENTIALS, **change)
    assert caught.value.argument in change


def test_keys_do_not_show_in_what_is_printed() -> None:
    rotated = CREDENTIALS.rotated(b"\xaa" * 32)
    keys = SessionKeys.derive(
        b"\xbb" * 32, dev_id=bytes(8), inst_id=bytes(4), slot=0, gen=0, device_nonce=bytes(8), host_nonce=bytes(8)
    )
    for text in (repr(rotated), str(rotated), repr(keys)):
        assert "\\xaa" not in text
        assert "\\xbb" not in text
        assert "\\x1f" not in text
        assert "prk" not in text


def test_the_ratchet_rolls_over_the_last_generation() -> None:
    key = CREDENTIALS.key
    for gen in (250, 251, 252, 253, 254, 255, 0):
        key = ratchet(key, 2, gen)
    assert CREDENTIALS.of_generation(1) == replace(CREDENTIALS, key=key, gen=1)


def test_the_ratchet_reaches_32_steps_and_never_back() -> None:
    reachable = {gen for gen in range(256) if CREDENTIALS.of_generation(gen) is not None}
    assert reachable == {(250 + step) % 256 for step in range(1, 33)}


def test_a_pending_key_completes_or_is_dropped_for_the_one_the_button_kept() -> None:
    rotated = CREDENTIALS.rotated()
    assert rotated.completed() == replace(CREDENTIALS, key=ratchet(CREDENTIALS.key, 2, 250), gen=251)
    assert rotated.of_generation(250) == CREDENTIALS
    assert CREDENTIALS.completed() == CREDENTIALS


@pytest.mark.parametrize(
    "data",
    [b"", bytes(13), bytes(15), b"\x02" + bytes(13), b"\x00" + bytes(13), b"\x12" + bytes(13), bytes(255)],
)
def test_other_peoples_advertisements_are_not_ours(data: bytes) -> None:
    assert parse_advertisement({0xFFFF: data}) is None
    assert parse_advertisement({0x004C: b"\x01" + bytes(13)}) is None


def test_an_advertisement_is_read() -> None:
    found = parse_advertisement({0xFFFF: bytes.fromhex("01 1122334455667788 a1b2c3d4 ff")})
    assert found is not None
    assert (found.dev_id.hex(), found.inst_id.hex(), found.battery_percent) == ("1122334455667788", "a1b2c3d4", 100)


@pytest.mark.parametrize(
    ("first", "flags"),
    [
        ("01", (False, False)),
        ("11", (True, False)),
        ("21", (False, True)),
        ("31", (True, True)),
        ("c1", (False, False)),
    ],
)
def test_an_advertisement_tells_of_pairing_and_of_a_press(first: str, flags: tuple[bool, bool]) -> None:
    found = parse_advertisement({0xFFFF: bytes.fromhex(first) + bytes(13)})
    assert found is not None
    assert (found.pairing, found.press_waiting) == flags


def test_an_address_is_static_random_and_for_ever() -> None:
    assert device_address(bytes(8)) == "F2:8D:E0:E8:3D:FC"
    for n in range(50):
        assert int(device_address(n.to_bytes(8))[:2], 16) >= 0xC0
