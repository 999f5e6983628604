//! Everything in which the two engines differ, in one place.

use sea_orm::DbBackend;

/// The engine behind a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// The embedded default.
    Sqlite,
    /// Schema `app`.
    Postgres,
}

impl Dialect {
    pub(crate) const fn backend(self) -> DbBackend {
        match self {
            Self::Sqlite => DbBackend::Sqlite,
            Self::Postgres => DbBackend::Postgres,
        }
    }

    /// Locks the rows of a SELECT until the transaction ends; not their keys, or a row that refers to one (a DET of a locked study)
    /// would wait. SQLite's only writer holds the whole database already.
    pub(crate) const fn for_update(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR NO KEY UPDATE",
        }
    }

    /// As `for_update`, passing over rows that another transaction holds: how several workers share one queue.
    pub(crate) const fn skip_locked(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR NO KEY UPDATE SKIP LOCKED",
        }
    }

    /// Whether several changing statements can travel as one, `WITH … AS (INSERT …) …`: a trip each is what a group of DETs waits
    /// for on PostgreSQL. SQLite knows no such WITH, and is no trip away.
    pub(crate) const fn joins_statements(self) -> bool {
        matches!(self, Self::Postgres)
    }

    /// The texts of a JSON list as rows of `e`, in a FROM after the table that has the column.
    pub(crate) fn each_text(self, column: &str) -> String {
        match self {
            Self::Sqlite => format!("CROSS JOIN json_each({column}) AS e"),
            Self::Postgres => format!("CROSS JOIN jsonb_array_elements_text({column}) AS e(value)"),
        }
    }

    /// Fills the type names of a table's definition: `{uuid}`, `{ts}`, `{date}`, `{json}`.
    ///
    /// SQLite keeps a UUID as 16 bytes, and moments, dates and JSON as text; its declared types must say so, because the
    /// driver reads a column by its declaration.
    pub(crate) fn ddl(self, template: &str) -> String {
        let (uuid, ts, date, json) = match self {
            Self::Sqlite => ("blob", "text", "text", "text"),
            Self::Postgres => ("uuid", "timestamptz", "date", "jsonb"),
        };
        template.replace("{uuid}", uuid).replace("{ts}", ts).replace("{date}", date).replace("{json}", json)
    }
}
