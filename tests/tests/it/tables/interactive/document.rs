//! The document's tables. Its text has lost what stood between their cells: `TURN_LEFTTurn your head`.

/// The tests that the rows of the tables must have: `interactive::file::row`.
pub fn tests(text: &str) -> Vec<String> {
    let mut tests = Vec::new();
    let mut table = None;
    for line in text.lines() {
        if is_header(line) {
            table = Some(Table::of(line));
        } else if let Some(name) = table.and_then(|table: Table| (table.name)(line)) {
            let file = table.map_or("", |table| table.file);
            tests.push(format!("interactive::{file}::{}", name.to_lowercase()));
        } else {
            table = None;
        }
    }
    tests
}

/// A kind of table.
#[derive(Clone, Copy)]
struct Table {
    /// Where its tests are.
    file: &'static str,
    /// What the row that a line is begins with; `None` when it is none.
    name: fn(&str) -> Option<&str>,
}

impl Table {
    fn of(header: &str) -> Self {
        let (file, name): (_, fn(&str) -> Option<&str>) = match header {
            "ChallengeInstruction" => ("challenges", before_sentence),
            "ParameterTypeRequiredDescription" => ("parameters", before_type),
            "StateDescription" => ("states", before_sentence),
            "FieldTypeDescription" => ("fields", before_type),
            unknown => panic!("nothing tests the table {unknown:?}"),
        };
        Self { file, name }
    }
}

/// Whether a line is several capitalised words without a space: nothing but headers are.
fn is_header(line: &str) -> bool {
    let is_capital = |c: u8| c.is_ascii_uppercase();
    let ends_word = |pair: &[u8]| is_capital(pair[1]) && !is_capital(pair[0]);
    let letters = line.as_bytes();
    letters.iter().all(u8::is_ascii_alphabetic)
        && letters.first().copied().is_some_and(is_capital)
        && letters.windows(2).any(ends_word)
        && !letters
            .windows(2)
            .any(|pair| pair.iter().copied().all(is_capital))
}

/// What stands before the capital with which a sentence begins.
fn before_sentence(line: &str) -> Option<&str> {
    let is_name = |c: char| c.is_ascii_alphabetic() || c == '_';
    let word = line.split(|c: char| !is_name(c)).next()?;
    // The sentence's first word ends in small letters, or is one letter.
    let start = word.rfind(|c: char| c.is_ascii_uppercase())?;
    Some(&word[..start]).filter(|name| !name.is_empty())
}

/// What stands before the first word for a type.
fn before_type(line: &str) -> Option<&str> {
    let types = ["string", "bool", "float", "int", "file"];
    let start = types.iter().filter_map(|t| line.find(t)).min()?;
    let is_name =
        |name: &&str| !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    Some(&line[..start]).filter(is_name)
}
