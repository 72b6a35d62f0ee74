"""Documents of cases in SQLite: age files that nothing here can open."""

from accompany.adapters.events import read_int
from accompany.adapters.sqlite import Database
from accompany.dispatch.documents import Document, DocumentId
from accompany.errors import Damaged
from accompany.ids import CardSerial, EncounterId

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS documents (about TEXT, id TEXT, data BLOB, "
    "PRIMARY KEY (about, id))",
    "CREATE TABLE IF NOT EXISTS document_keys (about TEXT, id TEXT, holder TEXT, author TEXT, "
    "time INTEGER, sealed BLOB, PRIMARY KEY (about, id, holder)) WITHOUT ROWID",
)


class SqliteDocuments:
    """A `dispatch.documents.Documents`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        for statement in _SCHEMA:
            database.do(statement)

    def put(self, document: Document, data: bytes) -> None:
        # Bytes first: a key without them would be shown and not be had.
        statement = "INSERT OR IGNORE INTO documents VALUES (?, ?, ?)"
        self._database.do(statement, document.about, document.id, data)
        self.give(document)

    def give(self, document: Document) -> None:
        one = document
        statement = "INSERT OR REPLACE INTO document_keys VALUES (?, ?, ?, ?, ?, ?)"
        values = (one.about, one.id, one.holder, one.author, one.time, one.sealed)
        self._database.do(statement, *values)

    def of(self, about: EncounterId, holder: CardSerial) -> list[Document]:
        statement = (
            "SELECT id, author, time, sealed, length(data) FROM document_keys JOIN documents "
            "USING (about, id) WHERE about = ? AND holder = ? ORDER BY time, id"
        )
        found = []
        for one, author, time, sealed, size in self._database.rows(statement, about, holder):
            if not isinstance(sealed, bytes):
                raise Damaged("a document is kept in a form that nothing here writes")
            name, by = DocumentId(str(one)), CardSerial(str(author))
            row = Document(name, about, holder, by, read_int(time), read_int(size), sealed)
            found.append(row)
        return found

    def data(self, about: EncounterId, one: DocumentId) -> bytes | None:
        statement = "SELECT data FROM documents WHERE about = ? AND id = ?"
        for (data,) in self._database.rows(statement, about, one):
            if not isinstance(data, bytes):
                raise Damaged("a document is kept in a form that nothing here writes")
            return data
        return None

    def amount(self, about: EncounterId) -> tuple[int, int]:
        statement = "SELECT count(*), coalesce(sum(length(data)), 0) FROM documents WHERE about = ?"
        ((count, size),) = self._database.rows(statement, about)
        return read_int(count), read_int(size)

    def remove(self, about: EncounterId, one: DocumentId) -> None:
        self._database.do("DELETE FROM document_keys WHERE about = ? AND id = ?", about, one)
        self._database.do("DELETE FROM documents WHERE about = ? AND id = ?", about, one)
