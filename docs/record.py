"""Record `tito demo` as it looks in a terminal of 80x24 into docs/demo.svg: `make picture`."""

import io
import os
import pty
import re
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

HERE = Path(__file__).resolve().parent


def screen(command: list[str]) -> str:
    """What `command` leaves on a terminal: its output without the frames that it drew over."""
    output = io.BytesIO()

    def read(descriptor: int) -> bytes:
        data = os.read(descriptor, 4096)
        output.write(data)
        return data

    os.environ.update(TERM="xterm-256color", COLUMNS="80", LINES="24")
    if status := pty.spawn(command, read):
        raise SystemExit(f"{' '.join(command)} ended with status {status}")
    text = output.getvalue().decode().replace("\r\n", "\n")
    return re.sub(r"[^\n]*\x1b\[2K|\x1b\[\?25[lh]|\r", "", text)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        text = Text.from_ansi("$ tito demo\n" + screen([sys.executable, "-m", "tito", "demo"]))
    console = Console(record=True, width=80, file=io.StringIO(), force_terminal=True)
    console.print(text)
    svg = console.export_svg(title="tito demo", unique_id="tito")
    svg = re.sub(r"\s*@font-face \{.*?\}\n", "", svg, flags=re.S)  # nothing is fetched to show it
    (HERE / "demo.svg").write_text(svg)


if __name__ == "__main__":
    main()
