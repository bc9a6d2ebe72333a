//! The documents' tables, read from their texts.

/// A table: its header and its rows, cell by cell.
pub struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// Every table of a text: a header, a line of dashes, and what follows them.
pub fn tables(text: &str) -> Vec<Table> {
    let lines: Vec<&str> = text.lines().collect();
    let dashes = (1..lines.len()).filter(|at| lines[*at].starts_with("|---"));
    dashes
        .map(|at| Table {
            header: cells(lines[at - 1]),
            rows: lines[at + 1..]
                .iter()
                .take_while(|line| line.starts_with('|'))
                .map(|line| cells(line))
                .collect(),
        })
        .collect()
}

/// The cells of a line. The end of an example may stand before the first.
fn cells(line: &str) -> Vec<String> {
    let inner = line.split_once('|').unwrap().1.trim_end();
    let inner = inner.strip_suffix('|').unwrap();
    inner
        .split('|')
        .map(|cell| cell.trim().to_owned())
        .collect()
}

impl Table {
    /// The tests that its rows must have: `file::row`, of errors one for each code.
    pub fn tests(&self) -> Vec<String> {
        let header: Vec<&str> = self.header.iter().map(String::as_str).collect();
        let file = match header.as_slice() {
            ["Field", "Type", "Allowed", "Default"] => "session_body",
            ["Frame field", "Type", "Description"] => "frame",
            ["Action", "Phase tag", "Passes when"] => "actions",
            ["Field", "Meaning"] => "response",
            ["Code", "Meaning"] => "reason_codes",
            ["HTTP", "Code", "What to do"] => {
                return self.rows.iter().flat_map(|row| errors(row)).collect();
            }
            unknown => panic!("nothing tests the table {unknown:?}"),
        };
        let name = |row: &Vec<String>| format!("{file}::{}", row[0]);
        self.rows.iter().map(name).collect()
    }
}

fn errors(row: &[String]) -> Vec<String> {
    let (status, codes) = (&row[0], &row[1]);
    if codes == "—" {
        return vec![format!("errors::status_{status}")];
    }
    let codes = codes.split(", ").map(str::to_lowercase);
    codes.map(|c| format!("errors::{c}_{status}")).collect()
}
