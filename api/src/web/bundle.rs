//! The component's modules as one file.
//!
//! One file has one integrity hash, which covers all of its code. Modules that import each other have one hash
//! each, and a page can state only that of the first.

/// The module that is read first by browsers, and last here.
const ENTRY: &str = include_str!("../../../web/livegate-check.js");

/// The modules of `web/src`, each after those that it imports.
const MODULES: [(&str, &str); 24] = [
    ("errors.js", include_str!("../../../web/src/errors.js")),
    ("machine.js", include_str!("../../../web/src/machine.js")),
    ("time.js", include_str!("../../../web/src/time.js")),
    ("dom.js", include_str!("../../../web/src/dom.js")),
    ("pacing.js", include_str!("../../../web/src/pacing.js")),
    ("words.js", include_str!("../../../web/src/words.js")),
    ("texts.js", include_str!("../../../web/src/texts.js")),
    ("devices.js", include_str!("../../../web/src/devices.js")),
    ("support.js", include_str!("../../../web/src/support.js")),
    ("client.js", include_str!("../../../web/src/client.js")),
    ("pump.js", include_str!("../../../web/src/pump.js")),
    ("encoder.js", include_str!("../../../web/src/encoder.js")),
    ("pictures.js", include_str!("../../../web/src/pictures.js")),
    ("camera.js", include_str!("../../../web/src/camera.js")),
    ("plan.js", include_str!("../../../web/src/plan.js")),
    ("capture.js", include_str!("../../../web/src/capture.js")),
    (
        "interactive.js",
        include_str!("../../../web/src/interactive.js"),
    ),
    ("attempt.js", include_str!("../../../web/src/attempt.js")),
    ("speech.js", include_str!("../../../web/src/speech.js")),
    ("drawings.js", include_str!("../../../web/src/drawings.js")),
    ("oval.js", include_str!("../../../web/src/oval.js")),
    ("styles.js", include_str!("../../../web/src/styles.js")),
    ("view.js", include_str!("../../../web/src/view.js")),
    ("element.js", include_str!("../../../web/src/element.js")),
];

/// The line of `words.js` that names the languages inside the file, and English, which every page may need.
const BUILT_IN: &str = "const BUILT_IN = {};";
const ENGLISH: &str = include_str!("../../../web/i18n/en.json");

/// The file: the modules one after the other, without their imports, exports and comments.
pub fn bundle() -> String {
    let mut bundle =
        String::from("// <livegate-check>, built from readable modules: see docs/web.md.\n");
    for (_, module) in MODULES {
        append(&mut bundle, module, true);
    }
    append(&mut bundle, ENTRY, false);
    let english = format!("const BUILT_IN = {{ en: {} }};", ENGLISH.trim_end());
    bundle.replace(BUILT_IN, &english)
}

/// Appends a module. All share one scope, so imports have nothing to do; only the entry exports.
fn append(bundle: &mut String, module: &str, is_inner: bool) {
    let mut is_comment = false;
    for line in module.lines() {
        let text = line.trim_start();
        is_comment |= text.starts_with("/**");
        let ends_here = is_comment && text.ends_with("*/");
        if !is_comment
            && !text.starts_with("//")
            && !text.is_empty()
            && !line.starts_with("import ")
        {
            let line = if is_inner {
                line.strip_prefix("export ").unwrap_or(line)
            } else {
                line
            };
            bundle.push_str(line);
            bundle.push('\n');
        }
        is_comment &= !ends_here;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Names that a module declares for all of its code.
    fn declared(module: &str) -> Vec<&str> {
        let of_line = |line: &'static str| -> Option<&'static str> {
            let line = line.strip_prefix("export ").unwrap_or(line);
            let line = line.strip_prefix("async ").unwrap_or(line);
            let rest = ["const ", "let ", "class ", "function "];
            let rest = rest.iter().find_map(|word| line.strip_prefix(word))?;
            rest.split(|c: char| !c.is_alphanumeric() && c != '_')
                .next()
        };
        let module = MODULES
            .iter()
            .map(|(_, text)| *text)
            .chain([ENTRY])
            .find(|m| *m == module);
        module
            .into_iter()
            .flat_map(str::lines)
            .filter_map(of_line)
            .collect()
    }

    #[test]
    fn no_two_modules_declare_the_same_name() {
        let mut names = BTreeSet::new();
        for (file, module) in MODULES {
            for name in declared(module) {
                assert!(names.insert(name), "{file} declares {name} again");
            }
        }
    }

    #[test]
    fn every_module_comes_after_those_that_it_imports() {
        let mut before = BTreeSet::new();
        for (file, module) in MODULES {
            for line in module.lines().filter(|line| line.starts_with("import ")) {
                let from = line.split("from \"./").nth(1).unwrap();
                let from = from.strip_suffix("\";").unwrap();
                assert!(
                    before.contains(from),
                    "{file} imports {from}, which comes later"
                );
            }
            before.insert(file);
        }
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../web/src");
        let files = std::fs::read_dir(folder).unwrap();
        let files = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        // The worker is a file of its own.
        for file in files.filter(|file| file != "encode-worker.js") {
            assert!(before.contains(file.as_str()), "{file} is left out");
        }
    }

    #[test]
    fn the_bundle_imports_nothing_and_exports_the_element() {
        let bundle = bundle();
        assert!(!bundle.lines().any(|line| line.starts_with("import ")));
        let exports: Vec<_> = bundle
            .lines()
            .filter(|line| line.starts_with("export"))
            .collect();
        assert_eq!(exports, ["export { LivegateCheck };"]);
        assert!(bundle.contains("A short check with your camera"));
    }
}
