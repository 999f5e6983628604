//! REDCap's logic as filters use it: `[age] > 41 and [gym(2)] = '1' or not ([event][sex] = "0")`.
//! Invariant: every field and event that a parsed logic names exists; functions are refused by name, never guessed.

use super::definition::Definition;
use super::field::checkbox_column;

#[derive(Debug, PartialEq)]
pub(crate) enum Logic {
    Or(Vec<Logic>),
    And(Vec<Logic>),
    Not(Box<Logic>),
    Compare(Box<Logic>, &'static str, Box<Logic>),
    Text(String),
    /// A column of a flat row, of this event or of the named one.
    Value {
        event: Option<String>,
        column: String,
    },
}

/// Parentheses deeper than this are refused, which bounds the recursion.
const MAX_DEPTH: usize = 32;

/// Longest first, so that `<=` is not read as `<`.
const OPERATORS: [&str; 7] = ["<=", ">=", "<>", "!=", "=", "<", ">"];

impl Logic {
    /// # Errors
    /// What cannot be read, in words.
    pub(crate) fn parse(text: &str, definition: &Definition) -> Result<Self, String> {
        let mut parser = Parser { rest: text.trim(), definition, depth: 0 };
        let logic = parser.any()?;
        match parser.rest {
            "" => Ok(logic),
            rest => Err(format!("'{}' is not understood", start(rest))),
        }
    }

    /// Whether the logic holds, given what stands in a column of an event.
    pub(crate) fn holds(&self, value: &dyn Fn(Option<&str>, &str) -> String) -> bool {
        match self {
            Logic::Or(parts) => parts.iter().any(|part| part.holds(value)),
            Logic::And(parts) => parts.iter().all(|part| part.holds(value)),
            Logic::Not(part) => !part.holds(value),
            Logic::Compare(left, operator, right) => compare(&left.text(value), operator, &right.text(value)),
            Logic::Text(_) | Logic::Value { .. } => !matches!(self.text(value).as_str(), "" | "0"),
        }
    }

    fn text(&self, value: &dyn Fn(Option<&str>, &str) -> String) -> String {
        match self {
            Logic::Text(text) => text.clone(),
            Logic::Value { event, column } => value(event.as_deref(), column),
            other => u8::from(other.holds(value)).to_string(),
        }
    }
}

/// Numbers by their size, everything else as text.
fn compare(left: &str, operator: &str, right: &str) -> bool {
    let numbers = left.parse::<f64>().ok().zip(right.parse::<f64>().ok());
    let order = numbers.map_or_else(|| Some(left.cmp(right)), |(left, right)| left.partial_cmp(&right));
    let Some(order) = order else { return false };
    match operator {
        "=" => order.is_eq(),
        "<>" | "!=" => order.is_ne(),
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        _ => order.is_ge(),
    }
}

fn start(text: &str) -> String {
    text.chars().take(20).collect()
}

struct Parser<'a> {
    rest: &'a str,
    definition: &'a Definition,
    depth: usize,
}

impl Parser<'_> {
    fn any(&mut self) -> Result<Logic, String> {
        let mut parts = vec![self.all()?];
        while self.word("or") {
            parts.push(self.all()?);
        }
        Ok(one_or(parts, Logic::Or))
    }

    fn all(&mut self) -> Result<Logic, String> {
        let mut parts = vec![self.negated()?];
        while self.word("and") {
            parts.push(self.negated()?);
        }
        Ok(one_or(parts, Logic::And))
    }

    fn negated(&mut self) -> Result<Logic, String> {
        let mut negations = 0;
        while self.word("not") || (!self.rest.starts_with("!=") && self.symbol("!")) {
            negations += 1;
        }
        let compared = self.compared()?;
        Ok(if negations % 2 == 1 { Logic::Not(Box::new(compared)) } else { compared })
    }

    fn compared(&mut self) -> Result<Logic, String> {
        let left = self.single()?;
        match OPERATORS.into_iter().find(|operator| self.symbol(operator)) {
            Some(operator) => Ok(Logic::Compare(Box::new(left), operator, Box::new(self.single()?))),
            None => Ok(left),
        }
    }

    fn single(&mut self) -> Result<Logic, String> {
        if self.symbol("(") {
            self.depth += 1;
            if self.depth > MAX_DEPTH {
                return Err("the parentheses are too deep".into());
            }
            let inner = self.any()?;
            self.depth -= 1;
            return if self.symbol(")") { Ok(inner) } else { Err("a parenthesis is not closed".into()) };
        }
        for quote in ["'", "\""] {
            if self.symbol(quote) {
                let (text, rest) = self.rest.split_once(quote).ok_or("a text is not closed")?;
                self.rest = rest.trim_start();
                return Ok(Logic::Text(text.to_owned()));
            }
        }
        if self.rest.starts_with('[') {
            return self.value();
        }
        let end = self.rest.find(|c: char| !(c.is_ascii_digit() || "+-.".contains(c))).unwrap_or(self.rest.len());
        let (number, rest) = self.rest.split_at(end);
        if number.parse::<f64>().is_err() {
            return Err(format!("'{}' is not understood", start(self.rest)));
        }
        self.rest = rest.trim_start();
        Ok(Logic::Text(number.to_owned()))
    }

    /// `[field]`, `[field(code)]` or `[event][field]`.
    fn value(&mut self) -> Result<Logic, String> {
        let first = self.bracket()?;
        let (event, field) = match self.rest.starts_with('[') {
            true => (Some(first), self.bracket()?),
            false => (None, first),
        };
        if let Some(event) = event.as_ref().filter(|event| self.definition.event_index(event).is_none()) {
            return Err(format!("there is no event '{event}'"));
        }
        let (name, code) = match field.split_once('(') {
            Some((name, code)) => (name, Some(code.trim_end_matches(')'))),
            None => (field.as_str(), None),
        };
        let column = code.map_or_else(|| name.to_owned(), |code| checkbox_column(name, code));
        let known = name == self.definition.record_id_field() || self.definition.column(&column).is_some();
        if known { Ok(Logic::Value { event, column }) } else { Err(format!("there is no field '{field}'")) }
    }

    fn bracket(&mut self) -> Result<String, String> {
        let (inside, rest) = self.rest[1..].split_once(']').ok_or("a bracket is not closed")?;
        self.rest = rest.trim_start();
        Ok(inside.trim().to_owned())
    }

    fn symbol(&mut self, symbol: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(symbol) else { return false };
        // Blanks inside a text that has just begun belong to it.
        self.rest = if matches!(symbol, "'" | "\"") { rest } else { rest.trim_start() };
        true
    }

    /// A word in any case, which must end where it ends.
    fn word(&mut self, word: &str) -> bool {
        let Some((head, rest)) = self.rest.split_at_checked(word.len()) else { return false };
        let ends = !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        let found = head.eq_ignore_ascii_case(word) && ends;
        if found {
            self.rest = rest.trim_start();
        }
        found
    }
}

fn one_or(mut parts: Vec<Logic>, many: fn(Vec<Logic>) -> Logic) -> Logic {
    if parts.len() == 1 { parts.remove(0) } else { many(parts) }
}

#[cfg(test)]
#[path = "logic_tests.rs"]
mod tests;
