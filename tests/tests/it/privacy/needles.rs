//! What must not be found, in every form that it may take.

use std::collections::{BTreeSet, HashMap};

use livegate_tests::client::base64;

/// Bytes of a medium that are looked for together. Any run of twice as many holds such a block.
const BLOCK: usize = 16;

/// Bytes by which a form is first recognised.
const START: usize = 8;

/// Fewer different bytes in a block are no picture's alone: zeros, a plain wall.
const DIFFERENT: usize = 8;

/// Letters of a number that are looked for: `0.` and eight digits.
const DIGITS: usize = 10;

/// Everything that is looked for.
#[derive(Default)]
pub struct Needles {
    forms: Vec<Form>,
    by_start: HashMap<[u8; START], Vec<usize>>,
}

struct Form {
    bytes: Vec<u8>,
    name: String,
}

impl Needles {
    /// Looks for every run of 31 bytes of a medium, and for its base64 and hex.
    pub fn add_medium(&mut self, name: &str, bytes: &[u8]) {
        for block in bytes.chunks_exact(BLOCK) {
            self.add_block(name, block);
        }
    }

    /// Looks for an embedding: any few of its numbers as they are in memory, and each as text.
    pub fn add_embedding(&mut self, name: &str, values: &[f32]) {
        for four in values.windows(BLOCK / size_of::<f32>()) {
            let bytes: Vec<u8> = four.iter().flat_map(|v| v.to_le_bytes()).collect();
            self.add_block(name, &bytes);
        }
        for value in values {
            // As single and as double precision write it: their last digits differ.
            for text in [value.abs().to_string(), f64::from(value.abs()).to_string()] {
                // With fewer digits it could be another number.
                if text.len() >= DIGITS {
                    let text = text.into_bytes()[..DIGITS].to_vec();
                    self.add_form(text, format!("{name} as text"));
                }
            }
        }
    }

    /// Looks for a secret: its text, and the bytes, base64 and hex of its text.
    pub fn add_secret(&mut self, name: &str, text: &str) {
        self.add_form(text.as_bytes().to_vec(), name.to_owned());
        self.add_block(name, text.as_bytes());
    }

    fn add_block(&mut self, name: &str, block: &[u8]) {
        if block.iter().collect::<BTreeSet<_>>().len() < DIFFERENT {
            return;
        }
        self.add_form(block.to_vec(), name.to_owned());
        let hex: String = block.iter().map(|b| format!("{b:02x}")).collect();
        self.add_form(hex.to_uppercase().into(), format!("{name} in hex"));
        self.add_form(hex.into(), format!("{name} in hex"));
        // Three bytes are four letters: where the block begins in what was encoded is not known.
        for from in 0..3 {
            let whole = (block.len() - from) / 3 * 3;
            let text = base64(&block[from..from + whole]);
            self.add_form(text.into_bytes(), format!("{name} in base64"));
        }
    }

    fn add_form(&mut self, bytes: Vec<u8>, name: String) {
        let start = *bytes.first_chunk().expect("longer than its start");
        self.by_start
            .entry(start)
            .or_default()
            .push(self.forms.len());
        self.forms.push(Form { bytes, name });
    }

    /// The names of those that are in these bytes.
    pub fn found_in(&self, bytes: &[u8]) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        for (at, start) in bytes.windows(START).enumerate() {
            let Ok(start) = <&[u8; START]>::try_from(start) else {
                continue;
            };
            let forms = self.by_start.get(start).into_iter().flatten();
            let forms = forms.map(|form| &self.forms[*form]);
            let here = forms.filter(|form| bytes[at..].starts_with(&form.bytes));
            found.extend(here.map(|form| form.name.as_str()));
        }
        found
    }
}

#[test]
fn a_needle_is_found_in_every_form_and_at_every_place() {
    let medium: Vec<u8> = (0..=255_u8).map(|b| b.wrapping_mul(37)).collect();
    let mut needles = Needles::default();
    needles.add_medium("frame", &medium);
    needles.add_embedding(
        "embedding",
        &[0.044_194_174; 8].map(|v: f32| v.sqrt() / 3.0),
    );
    needles.add_embedding(
        "embedding",
        &[0.012_345_678, -0.087_654_32, 0.045_678_9, 0.1],
    );
    for offset in 0..20 {
        let run = &medium[offset..offset + 31];
        let hex: String = run.iter().map(|b| format!("{b:02X}")).collect();
        for (text, name) in [
            (run.to_vec(), "frame"),
            (
                base64(&medium[offset..offset + 48]).into_bytes(),
                "frame in base64",
            ),
            (hex.clone().into_bytes(), "frame in hex"),
            (hex.to_lowercase().into_bytes(), "frame in hex"),
        ] {
            let haystack = [&b"before "[..], &text, b" after"].concat();
            assert!(
                needles.found_in(&haystack).contains(name),
                "{name} {offset}"
            );
        }
    }
    let numbers = [0.012_345_678_f32, -0.087_654_32, 0.045_678_9, 0.1];
    let bytes: Vec<u8> = numbers.iter().flat_map(|v| v.to_le_bytes()).collect();
    assert!(needles.found_in(&bytes).contains("embedding"));
    for text in ["[0.012345678, 1]", "-0.08765432", "0.04567889869213104"] {
        let found = needles.found_in(text.as_bytes());
        assert!(found.contains("embedding as text"), "{text}");
    }
    assert!(
        needles
            .found_in(b"nothing of the kind, 0.0123, 0.5")
            .is_empty()
    );
    assert!(needles.found_in(&medium[..15]).is_empty());
}
