//! The passages of a text, such as the document that integrators use, found by what stands around
//! them: when that text changes, the test that rests on it ends and says so.

use livegate_tests::media::reference;
use serde_json::Value;

/// What stands before each line of a block.
const INDENTATION: &str = "    ";

/// A text to take passages from.
pub struct Document {
    name: String,
    text: String,
}

impl Document {
    /// The reference document of that name; takes `has_reference`.
    #[track_caller]
    pub fn of_reference(name: &str) -> Self {
        Self::new(name, reference(name))
    }

    /// A text, called `name` where it is not as expected.
    pub fn new(name: &str, text: String) -> Self {
        Self {
            name: name.to_owned(),
            text,
        }
    }

    /// What stands between the only `after` and the next `before`.
    pub fn passage(&self, after: &str, before: &str) -> &str {
        let passage = self.after(after).split_once(before);
        let name = &self.name;
        let changed = || panic!("{name} has changed: no {before:?} after {after:?}");
        passage.map_or_else(changed, |(passage, _)| passage.trim())
    }

    /// The first indented block behind the only `after`, without its indentation.
    pub fn block(&self, after: &str) -> String {
        let lines = self.after(after).lines();
        let block = lines
            .skip_while(|line| !line.starts_with(INDENTATION))
            .take_while(|line| line.is_empty() || line.starts_with(INDENTATION));
        block
            .flat_map(|line| [line.strip_prefix(INDENTATION).unwrap_or_default(), "\n"])
            .collect()
    }

    fn after(&self, after: &str) -> &str {
        let (name, found) = (&self.name, self.text.matches(after).count());
        assert_eq!(found, 1, "{name} has changed: {found} times {after:?}");
        self.text.split_once(after).unwrap().1
    }

    /// The JSON that stands there.
    pub fn json(&self, after: &str, before: &str) -> Value {
        let passage = self.passage(after, before);
        serde_json::from_str(passage)
            .unwrap_or_else(|error| panic!("{} has changed: {error} in {passage}", self.name))
    }

    /// The lines that begin with `start` behind an indentation, each with those that continue it.
    pub fn commands(&self, start: &str) -> Vec<String> {
        let mut lines = self.text.lines();
        let mut commands = Vec::new();
        while let Some(line) = lines.next() {
            if !line.starts_with(&format!("    {start}")) {
                continue;
            }
            let mut command = line.trim_start().to_owned();
            while command.ends_with('\\') {
                command.push('\n');
                command.push_str(lines.next().unwrap_or_default());
            }
            commands.push(command);
        }
        commands
    }
}

/// `text` with every `from` as `to`, of which there must be one.
pub fn replaced(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "no {from:?} in {text}");
    text.replace(from, to)
}

/// Ends the test unless `actual` has every field of the documented example, with values of the
/// same type; what an example elides (`"... 512 floats ..."`) stands for more of the same.
#[track_caller]
pub fn assert_as_documented(actual: &Value, example: &Value) {
    if let Err(problem) = differs(actual, example) {
        panic!("{problem}\ndocumented: {example}\nanswered: {actual}");
    }
}

fn differs(actual: &Value, example: &Value) -> Result<(), String> {
    match (actual, example) {
        (Value::Object(actual), Value::Object(example)) => {
            example.iter().try_for_each(|(field, example)| {
                let value = actual.get(field).ok_or(format!("no {field}"))?;
                differs(value, example).map_err(|problem| format!("{field}: {problem}"))
            })
        }
        (Value::Array(items), Value::Array(examples)) => {
            let Some(example) = examples.first() else {
                return Ok(());
            };
            if items.is_empty() {
                return Err("nothing in it".to_owned());
            }
            items.iter().try_for_each(|item| differs(item, example))
        }
        (Value::String(_), Value::String(_))
        | (Value::Number(_), Value::Number(_))
        | (Value::Bool(_), Value::Bool(_))
        | (Value::Null, Value::Null) => Ok(()),
        (actual, example) => Err(format!("{actual} where {example} is documented")),
    }
}
