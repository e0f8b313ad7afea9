"""Checks the image of an ARM board: static analysis, stack, heap, recursion, reproducibility, size.

The stack's worst case comes from the compiler: the frame of each function and who calls whom (``-fcallgraph-info``).
A call through a pointer goes to whatever the sources put into that member of that structure; functions of the C library
are read from the image's disassembly.
"""

import argparse
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FIRMWARE = ROOT / "firmware"
TOOLS = ROOT / ".tools" / "arm" / "usr" / "bin"
BOARDS = ("b_l475e_iot01a", "nucleo_wb55rg")

TABLES = {"core": "cuelight_hal", "host": "ble_callbacks", "app": "app_board", "store": "store_flash"}
"""Which structure a layer calls through."""
PASSED = {"write": ("board_write",), "clock_us": ("clock_us",)}
"""Pointers that are handed over as arguments."""
EXCEPTION_FRAME = 26 * 4 + 4  # registers, with those of the floating-point unit, and alignment
HEAP = {"malloc", "_malloc_r", "free", "_free_r", "calloc", "realloc", "_sbrk", "sbrk"}
ANALYZER = ("-fanalyzer", "-Wno-analyzer-too-complex", "-Werror")
CPPCHECK = ("--enable=warning,performance,portability", "--inline-suppr", "--error-exitcode=1", "--quiet", "--std=c11")


class Found(Exception):
    """The image breaks a rule; the message says which."""


def tool(name: str) -> str:
    """A program of the toolchain."""
    return str(TOOLS / name) if (TOOLS / name).exists() else name


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    """Run a program; return its output.

    Raises:
        Found: It failed; the message ends with what it said.
    """
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Found(f"{Path(str(command[0])).name} failed:\n{(done.stdout + done.stderr)[-6000:]}")
    return done.stdout


def build(board: str, sources: Path, folder: Path) -> Path:
    """Build a board's image; return it."""
    run("cmake", "-S", sources, "-B", folder, f"-DBOARD={board}", "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON")
    run("cmake", "--build", folder, "-j2")
    return folder / f"cuelight-{board}"


# --- The call graph ---------------------------------------------------------------------------------------------


@dataclass
class Function:
    """One function: its frame in bytes, whom it calls, and its calls through pointers, each at a place in a file."""

    frame: int | None = None
    bounded: bool = True
    calls: set[str] = field(default_factory=set)
    places: set[tuple[str, int, int]] = field(default_factory=set)


_NODE = re.compile(r'node: \{ title: "([^"]+)" label: "[^"]*?(?:\\n(\d+) bytes \(([^)]*)\))?"')
_EDGE = re.compile(r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"(?: label: "([^"]+):(\d+):(\d+)")?')


def read_graph(files: Iterable[Path]) -> dict[str, Function]:
    """The compiler's call graphs of all objects, as one."""
    graph: dict[str, Function] = {}
    for file in files:
        text = file.read_text()
        for title, size, kind in _NODE.findall(text):
            function = graph.setdefault(title, Function())
            if size:
                function.frame, function.bounded = int(size), "dynamic" not in kind or "bounded" in kind
        for source, target, path, line, column in _EDGE.findall(text):
            caller = graph.setdefault(source, Function())
            if target == "__indirect_call":
                caller.places.add((path, int(line), int(column)))
            else:
                caller.calls.add(target)
    return graph


_MEMBER_CALL = re.compile(r"(?:->|\.)(\w+)\s*\(")
_TABLE = re.compile(r"struct (\w+)\s*(?:\w+\s*=\s*|\)\s*)\{(.*?)\n?\s*\};", re.DOTALL)


def members(sources: Iterable[Path]) -> dict[tuple[str, str], set[tuple[Path, str]]]:
    """What the sources put into each member of each structure: (structure, member) to (file, function)."""
    found: dict[tuple[str, str], set[tuple[Path, str]]] = {}
    for source in sources:
        for structure, body in _TABLE.findall(source.read_text()):
            for member, function in re.findall(r"\.(\w+)\s*=\s*(\w+)\s*[,}]", body):
                found.setdefault((structure, member), set()).add((source, function))
    return found


class Resolver:
    """Says where a call through a pointer may lead."""

    def __init__(self, graph: Mapping[str, Function], sources: list[Path]) -> None:
        self._graph = graph
        self._members = members(sources)
        self._lines = {source: source.read_text().splitlines() for source in sources}

    def targets(self, place: tuple[str, int, int]) -> set[str]:
        """The functions that the call at a place may reach.

        Raises:
            Found: Nothing says where it leads.
        """
        path, line, column = place
        source = Path(path)
        text = self._lines[source][line - 1][column - 1 :]
        layer = source.relative_to(FIRMWARE).parts[0]
        for member in _MEMBER_CALL.findall(text):
            if layer in TABLES and (functions := self._members.get((TABLES[layer], member))):
                return {self._title(file, name) for file, name in functions}
            if member in PASSED:
                return {name for name in PASSED[member] if name in self._graph}
        if rows := self._rows(source):
            return rows
        raise Found(f"{source.relative_to(ROOT)}:{line}: nothing says where this call leads: {text.strip()}")

    def _rows(self, source: Path) -> set[str]:
        """Functions that end a row of a table in the same file."""
        names = re.findall(r"\{[^{}]*,\s*(\w+)\},", "\n".join(self._lines[source]))
        return {title for name in names if (title := self._title(source, name)) in self._graph}

    def _title(self, file: Path, name: str) -> str:
        return name if name in self._graph else f"{file}:{name}"


_FUNCTION = re.compile(r"^[0-9a-f]+ <([^>]+)>:$")


def library_frames(image: Path) -> dict[str, Function]:
    """Frame and calls of every function in the image, by what its instructions push and reserve."""
    found: dict[str, Function] = {}
    function = Function()
    for line in run(tool("arm-none-eabi-objdump"), "-d", "--no-show-raw-insn", image).splitlines():
        if named := _FUNCTION.match(line):
            function = found.setdefault(named.group(1), Function(0))
            continue
        assert function.frame is not None or not found
        parts = line.split("\t")
        if len(parts) < 2:
            continue
        mnemonic, operands = parts[1].strip(), parts[2] if len(parts) > 2 else ""
        if mnemonic.startswith(("push", "stmdb")) and ("sp!" in operands or mnemonic.startswith("push")):
            function.frame = (function.frame or 0) + 4 * _registers(operands)
        elif mnemonic.startswith("sub") and (reserved := re.match(r"sp, (?:sp, )?#(\d+)", operands)):
            function.frame = (function.frame or 0) + int(reserved.group(1))
        elif mnemonic in ("bl", "b.w", "b.n", "b") and (called := re.search(r"<([^+>]+)>", operands)):
            function.calls.add(called.group(1))
    return found


def _registers(operands: str) -> int:
    inside = operands[operands.index("{") + 1 : operands.index("}")]
    count = 0
    for part in inside.split(","):
        first, _, last = part.strip().partition("-")
        count += int(last[1:]) - int(first[1:]) + 1 if last else 1
    return count


class Stack:
    """Worst cases over the call graph."""

    def __init__(self, graph: Mapping[str, Function], resolver: Resolver, library: Mapping[str, Function]) -> None:
        self._graph = graph
        self._resolver = resolver
        self._library = library
        self._known: dict[str, tuple[int, tuple[str, ...]]] = {}

    def worst(self, name: str, path: tuple[str, ...] = ()) -> tuple[int, tuple[str, ...]]:
        """Bytes below the entry of a function at most, and the calls that take them.

        Raises:
            Found: A function calls itself, or its frame has no bound.
        """
        if name in path:
            raise Found(f"recursion: {' -> '.join(map(_short, [*path[path.index(name) :], name]))}")
        if name not in self._known:
            function = self._function(name)
            if not function.bounded:
                raise Found(f"{_short(name)} has a frame of unknown size: a variable-length array or alloca")
            called = [self.worst(other, (*path, name)) for other in sorted(self._called(function) - {name})]
            if name in function.calls and self._graph.get(name, function).frame is not None and name in self._graph:
                raise Found(f"recursion: {_short(name)} calls itself")
            deepest, route = max(called, default=(0, ()))
            self._known[name] = ((function.frame or 0) + deepest, (name, *route))
        return self._known[name]

    def _function(self, name: str) -> Function:
        function = self._graph.get(name)
        if function is not None and function.frame is not None:
            return function
        return self._library.get(name, Function(0))  # what is not in the image is never called

    def _called(self, function: Function) -> Iterator[str] | set[str]:
        return set(function.calls).union(*(self._resolver.targets(place) for place in function.places))


def _short(name: str) -> str:
    return name.rpartition(":")[2]


# --- The checks -------------------------------------------------------------------------------------------------


def handlers(board: str) -> list[str]:
    """The board's interrupt handlers, one for each priority, from its vector table."""
    text = (FIRMWARE / "boards" / board / "vectors.c").read_text()
    named = re.findall(r"=\s*(\w+_handler),", text) + re.findall(r"CORTEX_VECTORS\((\w+)\)", text)
    return sorted({name for name in named if name != "fault_handler"} | {"flash_nmi_handler"})


def stack_size(board: str) -> int:
    """What the linker script gives the stack."""
    found = re.search(r"STACK_SIZE = (\d+)K", (FIRMWARE / "boards" / board / "link.ld").read_text())
    assert found is not None
    return int(found.group(1)) * 1024


def worst_stack(board: str, folder: Path, image: Path, sources: list[Path]) -> int:
    """The deepest the stack can get: the control task, and every interrupt on top of one another.

    Raises:
        Found: It does not fit, or cannot be bounded.
    """
    graph = read_graph(folder.rglob("*.ci"))
    stack = Stack(graph, Resolver(graph, sources), library_frames(image))
    task, route = stack.worst("start")
    total = task + sum(EXCEPTION_FRAME + stack.worst(name)[0] for name in handlers(board))
    if total > stack_size(board):
        calls = " -> ".join(map(_short, route))
        raise Found(f"the stack may need {total} bytes and has {stack_size(board)}; the control task: {calls}")
    return total


def check_heap(image: Path) -> None:
    """No function that allocates is in the image."""
    names = {line.split()[-1] for line in run(tool("arm-none-eabi-nm"), image).splitlines()}
    if names & HEAP:
        raise Found(f"something allocates: {', '.join(sorted(names & HEAP))}")


def check_reproducible(board: str, image: Path) -> None:
    """The same sources elsewhere, built by another name, give the same bytes."""
    with tempfile.TemporaryDirectory() as other:
        sources = Path(other) / "a-checkout-elsewhere"
        shutil.copytree(FIRMWARE, sources)
        (Path(other) / ".tools").symlink_to(ROOT / ".tools")
        again = build(board, sources, Path(other) / "built")
        if again.with_name(again.name + ".bin").read_bytes() != image.with_name(image.name + ".bin").read_bytes():
            raise Found("two builds of the same sources differ")


def analyse(folder: Path) -> None:
    """Run the compiler's analyser over every source of the image."""
    commands = json.loads((folder / "compile_commands.json").read_text())

    def one(entry: Mapping[str, str]) -> None:
        command = [
            part for part in shlex.split(entry["command"]) if not part.startswith(("-fcallgraph", "-fstack-usage"))
        ]
        command[command.index("-o") + 1] = os.devnull
        run(*command, *ANALYZER, cwd=Path(entry["directory"]))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one, commands))


def cppcheck(folder: Path) -> bool:
    """Run cppcheck over every source of the image; False where it cannot be had."""
    program = shutil.which(tool("cppcheck"))
    if program is None:
        return False
    run(
        program,
        *CPPCHECK,
        f"--project={folder / 'compile_commands.json'}",
        "--suppress=missingIncludeSystem",
        "--suppress=unmatchedSuppression",
        "--suppress=shiftNegativeLHS",
    )  # fmt: skip  (core asserts what the shift does)
    return True


def clang_tools() -> Path | None:
    """The folder of clang-tidy, as ``script/toolchain`` got it; None where it cannot be had, and that said why."""
    got = subprocess.run([ROOT / "script" / "toolchain", "clang"], stdout=subprocess.PIPE, text=True, check=False)
    if got.returncode:
        return None
    found = shutil.which("clang-tidy") if got.stdout.strip() == "on PATH" else None
    return Path(found).parent if found else Path(got.stdout.strip())


def system_includes() -> list[str]:
    """Where the cross compiler finds the C library's headers."""
    said = subprocess.run(
        [tool("arm-none-eabi-gcc"), "-xc", "-E", "-v", os.devnull], capture_output=True, text=True, check=True
    ).stderr
    listed = said.partition("search starts here:\n")[2].partition("End of search list")[0]
    folders = [Path(line.strip()).resolve() for line in listed.splitlines() if line.startswith(" ")]
    return [str(folder) for folder in folders if "gcc" not in folder.parts]  # clang has its own of those


def tidy(folder: Path, done: set[str]) -> bool:
    """Run clang-tidy over the sources of the image that are not done yet; False where it cannot be had."""
    tools = clang_tools()
    if tools is None:
        return False
    commands = json.loads((folder / "compile_commands.json").read_text())
    for entry in commands:  # clang knows neither
        entry["command"] = re.sub(r" -f(stack-usage|callgraph-info=su)", "", entry["command"])
    files = sorted({entry["file"] for entry in commands} - done)
    done.update(files)
    with tempfile.TemporaryDirectory() as database:
        (Path(database) / "compile_commands.json").write_text(json.dumps(commands))
        includes = [f"--extra-arg=-isystem{path}" for path in system_includes()]

        def one(file: str) -> None:
            run(tools / "clang-tidy", "--quiet", "-p", database, *includes, file)

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(one, files))
    return True


def sizes(image: Path) -> dict[str, int]:
    """Bytes of each section."""
    lines = run(tool("arm-none-eabi-size"), "-A", image).splitlines()
    return {parts[0]: int(parts[1]) for line in lines if (parts := line.split()) and parts[0].startswith(".")}


def art_size(folder: Path) -> int:
    """Bytes of the built-in pictures."""
    (built,) = folder.rglob("art.c.obj")
    return sum(size for name, size in sizes(built).items() if name.startswith((".rodata", ".text")))


def check(board: str, *, quick: bool, tidied: set[str]) -> str:
    """Check one board; return its line of the table. Sources in ``tidied`` were seen by clang-tidy with another board.

    Raises:
        Found: It breaks a rule.
    """
    folder = ROOT / "build" / "firmware" / board
    image = build(board, FIRMWARE, folder)
    commands = json.loads((folder / "compile_commands.json").read_text())
    sources = [Path(entry["file"]) for entry in commands]
    check_heap(image)
    stack = worst_stack(board, folder, image, sources)
    if not quick:
        check_reproducible(board, image)
        analyse(folder)
        cppcheck(folder)
        tidy(folder, tidied)
    section = sizes(image)
    code, art = section[".vectors"] + section[".text"] + section[".data"], art_size(folder)
    ram = sum(section.get(name, 0) for name in (".data", ".bss", ".noinit", ".mailbox"))
    digest = hashlib.sha256(image.with_name(image.name + ".bin").read_bytes()).hexdigest()[:16]
    return f"{board:<16} {code:>7} {art:>7} {ram:>7} {stack:>7} {section['.stack']:>7}  {digest}"


def main() -> int:
    """Check the boards named, or all; print a table."""
    parser = argparse.ArgumentParser(description="Checks the ARM boards' images.")
    parser.add_argument("board", nargs="*", help=" or ".join(BOARDS))
    parser.add_argument("--quick", action="store_true", help="only size, stack, heap and recursion")
    arguments = parser.parse_args()
    print(f"{'board':<16} {'flash':>7} {'art':>7} {'ram':>7} {'stack':>7} {'of':>7}  sha256")
    tidied: set[str] = set()
    for board in arguments.board or BOARDS:
        try:
            print(check(board, quick=arguments.quick, tidied=tidied), flush=True)
        except Found as found:
            print(f"firmware-check: {board}: {found}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
