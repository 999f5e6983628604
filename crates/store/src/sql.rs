//! Small pieces that every query is made of: a statement, its values, a multi-row `VALUES`.

use sea_orm::{ConnectionTrait, FromQueryResult, QueryResult, Statement, Value};

use crate::{Result, dialect::Dialect};

/// The values of a statement, in the order of `$1`, `$2`, ….
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$(sea_orm::Value::from($value)),*] };
}
pub(crate) use values;

pub(crate) fn statement(dialect: Dialect, sql: &str, values: Vec<Value>) -> Statement {
    Statement::from_sql_and_values(dialect.backend(), sql, values)
}

/// A statement on its way to the database.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) text: String,
    pub(crate) args: Vec<Value>,
}

/// Runs statements none of which reads what another one writes: in one trip where the engine can, else one after the other.
pub(crate) async fn execute_together<C: ConnectionTrait>(conn: &C, dialect: Dialect, pieces: Vec<Piece>) -> Result<()> {
    if dialect.joins_statements() {
        let Some(joined) = join(pieces) else { return Ok(()) };
        execute(conn, dialect, &joined.text, joined.args).await?;
        return Ok(());
    }
    for piece in pieces {
        execute(conn, dialect, &piece.text, piece.args).await?;
    }
    Ok(())
}

/// As [`execute_together`], and reads what others have committed before that: in the same trip where the engine can.
pub(crate) async fn execute_and_look<C: ConnectionTrait, R: FromQueryResult>(
    conn: &C,
    dialect: Dialect,
    mut pieces: Vec<Piece>,
    look: Piece,
) -> Result<Vec<R>> {
    if !dialect.joins_statements() {
        execute_together(conn, dialect, pieces).await?;
        return all(conn, dialect, &look.text, look.args).await;
    }
    pieces.push(look);
    let Some(joined) = join(pieces) else { return Ok(vec![]) };
    all(conn, dialect, &joined.text, joined.args).await
}

/// `WITH piece_0 AS (…), piece_1 AS (…) …`: all but the last stand in the WITH. None without a statement.
fn join(mut pieces: Vec<Piece>) -> Option<Piece> {
    let last = pieces.pop()?;
    let (mut text, mut args) = (String::new(), Vec::new());
    for (number, piece) in pieces.into_iter().enumerate() {
        text.push_str(if number == 0 { "WITH " } else { ", " });
        text.push_str(&format!("piece_{number} AS ({})", renumber(&piece.text, args.len())));
        args.extend(piece.args);
    }
    if !text.is_empty() {
        text.push(' ');
    }
    text.push_str(&renumber(&last.text, args.len()));
    args.extend(last.args);
    Some(Piece { text, args })
}

/// `$1` becomes `$8` after seven others. Our texts have a `$` nowhere else.
pub(crate) fn renumber(text: &str, by: usize) -> String {
    let mut parts = text.split('$');
    let mut renumbered = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.len() - part.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
        let (number, rest) = part.split_at(digits);
        let number: usize = number.parse().unwrap_or_default();
        renumbered.push_str(&format!("${}{rest}", number + by));
    }
    renumbered
}

/// Runs a statement; returns the number of rows it touched.
pub(crate) async fn execute<C: ConnectionTrait>(
    conn: &C,
    dialect: Dialect,
    sql: &str,
    args: Vec<Value>,
) -> Result<u64> {
    Ok(conn.execute_raw(statement(dialect, sql, args)).await?.rows_affected())
}

/// The only row, or none.
pub(crate) async fn one<C: ConnectionTrait, R: FromQueryResult>(
    conn: &C,
    dialect: Dialect,
    sql: &str,
    args: Vec<Value>,
) -> Result<Option<R>> {
    let row = conn.query_one_raw(statement(dialect, sql, args)).await?;
    Ok(row.map(|row| R::from_query_result(&row, "")).transpose()?)
}

/// All rows.
pub(crate) async fn all<C: ConnectionTrait, R: FromQueryResult>(
    conn: &C,
    dialect: Dialect,
    sql: &str,
    args: Vec<Value>,
) -> Result<Vec<R>> {
    let rows: Vec<QueryResult> = conn.query_all_raw(statement(dialect, sql, args)).await?;
    Ok(rows.iter().map(|row| R::from_query_result(row, "")).collect::<Result<_, _>>()?)
}

/// A single number, 0 when there is none.
pub(crate) async fn count<C: ConnectionTrait>(conn: &C, dialect: Dialect, sql: &str, args: Vec<Value>) -> Result<i64> {
    let row = conn.query_one_raw(statement(dialect, sql, args)).await?;
    Ok(row.map(|row| row.try_get_by_index::<Option<i64>>(0)).transpose()?.flatten().unwrap_or(0))
}

/// `($1,$2),($3,$4)`: placeholders for `rows` rows of `columns` columns, the first numbered `first`.
pub(crate) fn rows(rows: usize, columns: usize, first: usize) -> String {
    let mut text = String::with_capacity(rows * columns * 5);
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ",(" });
        for column in 0..columns {
            if column > 0 {
                text.push(',');
            }
            text.push('$');
            text.push_str(&(first + row * columns + column).to_string());
        }
        text.push(')');
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn joined_statements_keep_their_values() {
        let piece = |text: &str, args| super::Piece { text: text.to_owned(), args };
        let joined = super::join(vec![
            piece("INSERT INTO a VALUES ($1,$2),($1,$3)", super::values![1, 2, 3]),
            piece("UPDATE b SET c = $2 WHERE d = $1", super::values![4, 5]),
            piece("DELETE FROM e WHERE f = $1", super::values![6]),
        ])
        .expect("a statement");
        assert_eq!(
            joined.text,
            "WITH piece_0 AS (INSERT INTO a VALUES ($1,$2),($1,$3)), piece_1 AS (UPDATE b SET c = $5 WHERE d = $4) \
             DELETE FROM e WHERE f = $6"
        );
        assert_eq!(joined.args, super::values![1, 2, 3, 4, 5, 6]);
        assert_eq!(super::join(vec![piece("SELECT $1", vec![])]).expect("a statement").text, "SELECT $1");
    }

    #[test]
    fn placeholders_are_numbered_through() {
        assert_eq!(super::rows(2, 3, 4), "($4,$5,$6),($7,$8,$9)");
        assert_eq!(super::rows(1, 1, 1), "($1)");
    }
}
