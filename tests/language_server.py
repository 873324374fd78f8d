"""An editor's side of the language server protocol, as much of it as the tests speak.

The server is the real one, of a process of its own: `make tools` installs it.
Source: Language Server Protocol 3.17; https://github.com/redhat-developer/yaml-language-server
"""

from __future__ import annotations

import json
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_NODE = shutil.which("node")
_SERVER = Path(__file__).parent / "language-server/node_modules/yaml-language-server"
_PROGRAM = _SERVER / "bin" / "yaml-language-server"
MISSING = None if _NODE and _PROGRAM.exists() else "no yaml-language-server here: `make tools`"

CURSOR = "‸"

_PATIENCE = 120.0  # seconds, of all tests together; then the server is ended, and they fail
_MARKUP = ["markdown", "plaintext"]
_CAPABILITIES = {
    "textDocument": {
        "completion": {"completionItem": {"snippetSupport": True, "documentationFormat": _MARKUP}},
        "hover": {"contentFormat": _MARKUP},
    },
    "workspace": {"configuration": True},
}
# as an editor's by default, but for the catalogue of schemas, which is on the network
_SETTINGS = {
    "yaml": {
        "validate": True,
        "hover": True,
        "completion": True,
        "schemaStore": {"enable": False},
    }
}


class LanguageServer:
    """A server with which one can only speak as an editor does."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._input, self._output = process.stdin, process.stdout
        self._asked = self._written = 0
        self._told: list[dict[str, Any]] = []
        self._ask("initialize", processId=None, rootUri=None, capabilities=_CAPABILITIES)
        self._tell("initialized")

    def check(self, file: Path) -> list[dict[str, Any]]:
        """Open a file, and give what the editor would mark in it."""
        return self._hear_of(self._open(file, file.read_text("utf-8")))

    def check_text(self, folder: Path, text: str) -> list[dict[str, Any]]:
        """Write a text that is not saved yet, and give what the editor would mark in it."""
        return self._hear_of(self._open(self._unsaved(folder), text))

    def complete(self, folder: Path, text: str) -> dict[str, str]:
        """Give what is offered at the cursor in a text, each with what is said of it.

        folder: where the text will be saved.
        """
        answer = self._ask_at("textDocument/completion", folder, text)
        return {item["label"]: _words(item.get("documentation", "")) for item in answer["items"]}

    def hover(self, folder: Path, text: str) -> str:
        """Give what is shown where the pointer rests at the cursor; folder: as of `complete`."""
        return _words(self._ask_at("textDocument/hover", folder, text)["contents"])

    def _unsaved(self, folder: Path) -> Path:
        self._written += 1
        return folder / f"unsaved-{self._written}.yaml"

    def _open(self, file: Path, text: str) -> str:
        document = {"uri": file.as_uri(), "languageId": "yaml", "version": 1, "text": text}
        self._tell("textDocument/didOpen", textDocument=document)
        return file.as_uri()

    def _ask_at(self, method: str, folder: Path, text: str) -> Any:
        before, after = text.split(CURSOR)
        line = before.rpartition("\n")[2]
        units = len(line.encode("utf-16-le")) // 2  # as the protocol counts
        place = {"line": before.count("\n"), "character": units}
        uri = self._open(self._unsaved(folder), before + after)
        return self._ask(method, textDocument={"uri": uri}, position=place)

    def _hear_of(self, uri: str) -> list[dict[str, Any]]:
        """Wait for the diagnostics of a file."""
        while True:
            for heard in self._told:
                about = heard["params"]
                if heard["method"] == "textDocument/publishDiagnostics" and about["uri"] == uri:
                    diagnostics: list[dict[str, Any]] = about["diagnostics"]
                    return diagnostics
            self._listen()

    def _ask(self, method: str, **params: Any) -> Any:
        self._asked += 1
        self._write({"id": self._asked, "method": method, "params": params})
        while True:
            answer = self._listen()
            if answer.get("id") == self._asked and "method" not in answer:
                return answer["result"]

    def _tell(self, method: str, **params: Any) -> None:
        self._write({"method": method, "params": params})

    def _listen(self) -> dict[str, Any]:
        """Read one message: keep what is told, answer what is asked."""
        message = self._read()
        if "method" in message and "id" in message:
            asked = message["params"].get("items", ()) if "params" in message else ()
            result = [_SETTINGS.get(item.get("section")) for item in asked]
            self._write({"id": message["id"], "result": result})
        elif "method" in message:
            self._told.append(message)
        return message

    def _write(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._input.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._input.flush()

    def _read(self) -> dict[str, Any]:
        length = 0
        while line := self._output.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        if not length:
            raise AssertionError("the language server ended")
        message: dict[str, Any] = json.loads(self._output.read(length))
        return message


@contextmanager
def running_server() -> Iterator[LanguageServer]:
    """Run a server for as long as it is spoken to."""
    with subprocess.Popen(
        [str(_NODE), str(_PROGRAM), "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        patience = Timer(_PATIENCE, process.kill)
        patience.start()
        try:
            yield LanguageServer(process)
        finally:
            patience.cancel()
            process.kill()


def _words(content: str | dict[str, str]) -> str:
    return content if isinstance(content, str) else content["value"]
