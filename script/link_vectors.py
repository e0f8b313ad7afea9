"""Runs a file of test vectors against both ends of the link, Python and C.

Every byte of every frame, every derived key; and for each frame, every bit flipped: the receiving end must refuse it.
The C end is the firmware's own session code behind a line protocol (firmware/tests/core/vectors.c).
"""

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import _pure  # noqa: F401
from cuelight.link import Credentials, LinkError
from cuelight.link import commands as commands_module
from cuelight.link import frames as f
from cuelight.link.credentials import ratchet
from cuelight.link.keys import SessionKeys
from cuelight.link.session import DeviceSession, HostSession, KeySlot

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build/firmware/native"
BATCH = 200

type Vector = dict[str, Any]


class Tally:
    """Counts what holds and prints what does not."""

    def __init__(self) -> None:
        self.passed = 0
        self.failed = 0

    def equal(self, what: str, got: object, wanted: object) -> None:
        self.holds(what, got == wanted, f"got {got}, wanted {wanted}")

    def holds(self, what: str, good: bool, detail: str = "") -> None:
        if good:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED {what}: {detail}")

    @contextmanager
    def taken(self, what: str) -> Iterator[None]:
        """Count what the code refuses as a failure, and go on."""
        try:
            yield
        except LinkError as err:
            self.holds(what, False, str(err))


@dataclass(frozen=True)
class Session:
    """One session of a vector file, its byte strings unpacked."""

    name: str
    dev_id: bytes
    inst_id: bytes
    slots: int
    kid: int
    gen: int
    psk: bytes
    nonce_d: bytes
    nonce_h: bytes
    hello: bytes
    prk: bytes
    k_h2d: bytes
    k_d2h: bytes
    auth: bytes
    commands: list[Vector]
    events: list[Vector]
    rekey: Vector
    ratchet_next_psk: bytes

    @classmethod
    def read(cls, number: int, vector: Vector) -> Session:
        """Unpack a session; KeyError and ValueError when it is not of the form."""
        text = "dev_id inst_id psk nonce_d nonce_h hello prk k_h2d k_d2h auth ratchet_next_psk"
        frames = vector["frames"]
        return cls(
            name=f"session {number}",
            slots=vector["slots"],
            kid=vector["kid"],
            gen=vector["gen"],
            commands=[frame for frame in frames if frame["direction"] == "h2d"],
            events=[frame for frame in frames if frame["direction"] == "d2h"],
            rekey=vector["rekey"],
            **{key: bytes.fromhex(vector[key]) for key in text.split()},
        )

    def credentials(self) -> Credentials:
        """What the host holds."""
        return Credentials(self.dev_id, self.inst_id, self.psk, self.kid, self.gen)

    def answer(self, hello: bytes) -> bytes:
        """The host's AUTH for a HELLO; LinkError when it refuses it."""
        return HostSession(self.credentials(), 0.0, random_bytes=lambda size: self.nonce_h).greet(hello, 0.0)


class _Slots(dict[int, KeySlot]):
    """The slot that matters, among as many as HELLO says."""

    def __init__(self, session: Session) -> None:
        super().__init__({session.kid: KeySlot(session.psk, session.gen)})
        self._count = session.slots

    def __len__(self) -> int:
        return self._count


def flips(frame: bytes) -> Iterator[tuple[int, bytes]]:
    """The frame with each of its bits flipped in turn."""
    for bit in range(8 * len(frame)):
        flipped = bytearray(frame)
        flipped[bit // 8] ^= 0x80 >> bit % 8
        yield bit, bytes(flipped)


def as_items(payload: Any) -> Any:
    """A payload's items with byte strings as in the vectors: hex."""
    if isinstance(payload, bytes):
        return payload.hex()
    return [as_items(item) for item in payload] if isinstance(payload, list | tuple) else payload


def check_python(tally: Tally, session: Session) -> None:
    """Run one session against the Python end."""
    name = f"python {session.name}"
    keys = SessionKeys.derive(
        session.psk,
        dev_id=session.dev_id,
        inst_id=session.inst_id,
        slot=session.kid,
        gen=session.gen,
        device_nonce=session.nonce_d,
        host_nonce=session.nonce_h,
    )
    tally.equal(f"{name} PRK", keys.prk.hex(), session.prk.hex())
    tally.equal(f"{name} K_h2d", keys.to_device.hex(), session.k_h2d.hex())
    tally.equal(f"{name} K_d2h", keys.to_host.hex(), session.k_d2h.hex())
    tally.equal(f"{name} ratchet", ratchet(session.psk, session.kid, session.gen), session.ratchet_next_psk)
    rekey = session.rekey
    where = {"slot": rekey["slot"], "gen": rekey["gen"], "counter": rekey["counter"]}
    tally.equal(f"{name} wrap", keys.wrap(bytes.fromhex(rekey["new_psk"]), **where).hex(), rekey["wrapped"])
    tally.equal(f"{name} unwrap", keys.wrap(bytes.fromhex(rekey["wrapped"]), **where).hex(), rekey["new_psk"])
    with tally.taken(f"{name} handshake"):
        _check_python_handshake(tally, name, session)
    last = 0
    for number, vector in enumerate(session.commands):
        with tally.taken(f"{name} CMD {number}"):
            _check_python_command(tally, f"{name} CMD {number}", session, last, vector)
        last = vector["counter"]
    last = -1
    for number, vector in enumerate(session.events):
        with tally.taken(f"{name} EVT {number}"):
            _check_python_event(tally, f"{name} EVT {number}", session, last, vector)
        last = vector["counter"]


def _check_python_handshake(tally: Tally, name: str, session: Session) -> None:
    def device() -> DeviceSession:
        fresh = DeviceSession(
            session.dev_id, session.inst_id, _Slots(session), random_bytes=lambda size: session.nonce_d
        )
        tally.equal(f"{name} HELLO", [frame.hex() for frame in fresh.subscribed(0.0)], [session.hello.hex()])
        return fresh

    def accepts(auth: bytes) -> bool:
        (answer,) = device().received(auth, 0.0)
        return f.frame_type(answer) is f.FrameType.EVT

    tally.equal(f"{name} AUTH", session.answer(session.hello).hex(), session.auth.hex())
    tally.holds(f"{name} AUTH", accepts(session.auth), "refused")
    for bit, auth in flips(session.auth):
        tally.holds(f"{name} AUTH bit {bit}", not accepts(auth), "accepted")
    for bit, hello in flips(session.hello):
        tally.holds(f"{name} HELLO bit {bit}", _refused(lambda hello=hello: session.answer(hello), accepts), "accepted")


def _refused(answer: Callable[[], bytes], accepts: Callable[[bytes], bool]) -> bool:
    """A HELLO on whose way something changed: the host refuses it, or the device refuses the AUTH made for it."""
    try:
        auth = answer()
    except LinkError:
        return True
    return not accepts(auth)


def _check_python_command(tally: Tally, what: str, session: Session, last: int, vector: Vector) -> None:
    frame, payload = bytes.fromhex(vector["frame"]), bytes.fromhex(vector["payload"])
    command, lease = commands_module.decode_command(payload)
    tally.equal(f"{what} payload", commands_module.encode(command, lease).hex(), vector["payload"])
    items = [command.operation, *command._pack(), *([] if lease is None else [lease])]
    tally.equal(f"{what} items", as_items(items), vector["command"])
    newest = vector["tick"] + 2
    for bit, flipped in flips(frame):
        _refuses(tally, f"{what} bit {bit}", f.open_command, session.k_h2d, last, newest, flipped)
    opened = f.open_command(session.k_h2d, last, newest, frame)
    wanted = (vector["counter"], vector["tick"], vector["payload"])
    tally.equal(f"{what} opened", (opened.counter, opened.tick or 0, opened.payload.hex()), wanted)
    sealed = f.seal_command(session.k_h2d, opened.counter, opened.tick, payload, wide=f.is_wide(frame))
    tally.equal(f"{what} frame", sealed.hex(), vector["frame"])
    tally.equal(f"{what} COSE_Mac0", f.cose_mac0(opened, frame[-f.TAG_SIZE :]).hex(), vector["cose_mac0"])


def _check_python_event(tally: Tally, what: str, session: Session, last: int, vector: Vector) -> None:
    frame, payload = bytes.fromhex(vector["frame"]), bytes.fromhex(vector["payload"])
    event = commands_module.decode_event(payload)
    tally.equal(f"{what} payload", commands_module.encode_event(event).hex(), vector["payload"])
    tally.equal(f"{what} items", as_items([event.operation, *event._pack()]), vector["event"])
    for bit, flipped in flips(frame):
        _refuses(tally, f"{what} bit {bit}", f.open_event, session.k_d2h, last, flipped)
    opened = f.open_event(session.k_d2h, last, frame)
    tally.equal(f"{what} opened", (opened.counter, opened.payload.hex()), (vector["counter"], vector["payload"]))
    tally.equal(f"{what} frame", f.seal_event(session.k_d2h, opened.counter, payload).hex(), vector["frame"])


def _refuses(tally: Tally, what: str, receive: Callable[..., object], *arguments: object) -> None:
    try:
        receive(*arguments)
    except LinkError:
        tally.holds(what, True)
    else:
        tally.holds(what, False, "accepted")


class Device:
    """The C end: requests go out in batches, answers come back one a line."""

    def __init__(self, tally: Tally, program: Path) -> None:
        self._tally = tally
        self._process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._waiting: list[tuple[str, str, Callable[[str], bool], str]] = []

    def ask(self, what: str, request: str, wanted: str) -> None:
        """Send a request whose answer must be this."""
        self._add(what, request, lambda answer: answer == wanted, wanted)

    def ask_refused(self, what: str, request: str) -> None:
        """Send a request that must be refused."""
        self._add(what, request, lambda answer: answer.startswith("refused "), "refused")

    def close(self) -> None:
        """Take the answers that are still out."""
        self._flush()
        self._input.close()
        self._tally.equal("device exit status", self._process.wait(10), 0)

    @property
    def _input(self) -> IO[str]:
        assert self._process.stdin is not None
        return self._process.stdin

    def _add(self, what: str, request: str, good: Callable[[str], bool], wanted: str) -> None:
        self._waiting.append((what, request, good, wanted))
        if len(self._waiting) >= BATCH:
            self._flush()

    def _flush(self) -> None:
        assert self._process.stdout is not None
        self._input.write("".join(request + "\n" for _, request, _, _ in self._waiting))
        self._input.flush()
        for what, request, good, wanted in self._waiting:
            answer = self._process.stdout.readline().strip()
            self._tally.holds(f"device {what}", good(answer), f"{request}: got {answer!r}, wanted {wanted!r}")
        self._waiting.clear()


def check_device(device: Device, session: Session) -> None:
    """Run one session against the C end."""
    name = session.name
    identity = f"{session.dev_id.hex()} {session.inst_id.hex()} {session.slots}"
    key = f"{session.kid} {session.gen} {session.psk.hex()}"
    device.ask(f"{name} HELLO", f"open {identity} {key} {session.nonce_d.hex()}", f"hello {session.hello.hex()}")
    device.ask(f"{name} mark", "mark", "ok")
    for bit, auth in flips(session.auth):
        _ask_again_refused(device, f"{name} AUTH bit {bit}", f"auth {auth.hex()}")
    for bit, hello in flips(session.hello):
        try:
            auth = session.answer(hello)
        except LinkError:
            continue  # the host refused it: counted on the Python end
        _ask_again_refused(device, f"{name} HELLO bit {bit}", f"auth {auth.hex()}")
    device.ask(f"{name} rewind", "rewind", "ok")
    wanted = f"ok {session.k_h2d.hex()} {session.k_d2h.hex()} {session.prk.hex()}"
    device.ask(f"{name} AUTH", f"auth {session.auth.hex()}", wanted)
    for number, vector in enumerate(session.commands):
        _check_device_command(device, f"{name} CMD {number}", vector)
    for number, vector in enumerate(session.events):
        request = f"evt {vector['counter']} {vector['payload']}"
        device.ask(f"{name} EVT {number}", request, f"frame {vector['frame']}")
    rekey = session.rekey
    request = f"rekey {rekey['slot']} {rekey['gen']} {rekey['counter']} {rekey['wrapped']}"
    device.ask(f"{name} rekey", request, f"psk {rekey['new_psk']}")
    request = f"ratchet {session.kid} {session.gen} {session.psk.hex()}"
    device.ask(f"{name} ratchet", request, f"psk {session.ratchet_next_psk.hex()}")


def _check_device_command(device: Device, what: str, vector: Vector) -> None:
    tick = vector["tick"]
    device.ask(f"{what} mark", "mark", "ok")
    for bit, flipped in flips(bytes.fromhex(vector["frame"])):
        _ask_again_refused(device, f"{what} bit {bit}", f"cmd {flipped.hex()} {tick}")
    device.ask(f"{what} rewind", "rewind", "ok")
    device.ask(what, f"cmd {vector['frame']} {tick}", f"ok {vector['counter']} {tick} {vector['payload']}")


def _ask_again_refused(device: Device, what: str, request: str) -> None:
    device.ask(f"{what} rewind", "rewind", "ok")
    device.ask_refused(what, request)


def build_device() -> Path:
    """Build the C end; SystemExit with a sentence when that fails."""
    if shutil.which("cmake") is None:
        raise SystemExit("link-vectors: cmake is missing; the C end cannot be built.")
    configure = ["cmake", "-S", str(ROOT / "firmware"), "-B", str(BUILD), "-DBOARD=native", "-DTESTS=ON"]
    build = ["cmake", "--build", str(BUILD), "--target", "link-vectors-device"]
    for command in (configure, build):
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            print(run.stdout, run.stderr, sep="\n", file=sys.stderr)
            raise SystemExit("link-vectors: the C end does not build.")
    return next(path for path in BUILD.rglob("link-vectors-device") if path.is_file())


def read_vectors(path: Path) -> list[Session]:
    """Read a vector file; SystemExit with a sentence when it is none."""
    try:
        return [Session.read(number, vector) for number, vector in enumerate(json.loads(path.read_text())["sessions"])]
    except (OSError, ValueError, KeyError, TypeError) as err:
        raise SystemExit(f"link-vectors: {path} is no file of link vectors: {err!r}.") from err


def main() -> int:
    """Run the file named on the command line; 1 when something failed."""
    parser = argparse.ArgumentParser(prog="link-vectors", description=__doc__.partition("\n")[0])
    parser.add_argument("file", type=Path, help="test vectors, for example tests/link/vectors.json")
    sessions = read_vectors(parser.parse_args().file)
    tally = Tally()
    device = Device(tally, build_device())
    for session in sessions:
        check_python(tally, session)
        check_device(device, session)
    device.close()
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
