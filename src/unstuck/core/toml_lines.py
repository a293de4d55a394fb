"""Where in a TOML text a table or a key stands, so that a complaint can name its line (tomllib does not tell)."""

from __future__ import annotations

import re

Path = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*(\[\[?)\s*([\w.\-]+)\s*\]\]?")
_KEY = re.compile(r"^\s*([\w\-]+|\"[^\"]*\"|'[^']*')\s*=")
_TOKEN = re.compile(r'"""|\'\'\'|"(?:\\.|[^"\\])*"|\'[^\']*\'|#.*|[\[\]{}]')


class Lines:
    """Line numbers of tables and keys. A path is ("step", 2) for the third [[step]], or ("evidence",)."""

    def __init__(self, text: str) -> None:
        self._tables: dict[Path, int] = {(): 1}
        self._keys: dict[tuple[Path, str], int] = {}
        self._counts: dict[Path, int] = {}
        self._path: Path = ()
        self._depth = 0
        self._quote = ""
        self._array: Path = ()
        self._row = 0
        for number, line in enumerate(text.split("\n"), start=1):
            self._read(line, number)

    def of(self, path: Path, key: str | None = None) -> int:
        """The line of `key` in the table at `path`; of the table where the key is absent; 1 where both are."""
        if key is not None and (path, key) in self._keys:
            return self._keys[path, key]
        if path in self._tables:
            return self._tables[path]
        return self._within(path) if path else 1

    def _within(self, path: Path) -> int:
        """The line of the nearest enclosing key or table, for what stands in an inline table or array."""
        names = [part for part in path if isinstance(part, str)]
        outer = path[: path.index(names[-1])] if names else ()
        return self.of(outer, names[-1] if names else None)

    def _read(self, line: str, number: int) -> None:
        if not self._depth and not self._quote:
            self._note(line, number)
            if _HEADER.match(line):
                return
        self._follow(line, number)

    def _note(self, line: str, number: int) -> None:
        if header := _HEADER.match(line):
            self._path = self._open(tuple(header[2].split(".")), many=header[1] == "[[")
            self._tables.setdefault(self._path, number)
        elif key := _KEY.match(line):
            name = key[1].strip("\"'")
            self._keys.setdefault((self._path, name), number)
            self._array, self._row = (*self._path, name), 0

    def _open(self, names: tuple[str, ...], many: bool) -> Path:
        path = self._current(names[:-1]) + names[-1:]
        if not many:
            return path
        self._counts[path] = self._counts.get(path, -1) + 1
        return (*path, self._counts[path])

    def _current(self, names: tuple[str, ...]) -> Path:
        path: Path = ()
        for name in names:
            path = (*path, name)
            if path in self._counts:
                path = (*path, self._counts[path])
        return path

    def _follow(self, line: str, number: int) -> None:
        """Keep track of open brackets and of strings that run over several lines."""
        at = 0
        while at < len(line):
            if self._quote:
                end = line.find(self._quote, at)
                if end < 0:
                    return
                at, self._quote = end + 3, ""
                continue
            token = _TOKEN.search(line, at)
            if token is None:
                return
            at = token.end()
            self._take(token[0], number)

    def _take(self, token: str, number: int) -> None:
        if token == "{" and self._depth == 1:
            self._tables.setdefault((*self._array, self._row), number)
            self._row += 1
        if token in ('"""', "'''"):
            self._quote = token
        elif token in "[{":
            self._depth += 1
        elif token in "]}":
            self._depth = max(0, self._depth - 1)
