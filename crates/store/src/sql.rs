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
    fn placeholders_are_numbered_through() {
        assert_eq!(super::rows(2, 3, 4), "($4,$5,$6),($7,$8,$9)");
        assert_eq!(super::rows(1, 1, 1), "($1)");
    }
}
