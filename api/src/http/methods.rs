//! The methods of each path. The framework knows them only inside its routes, and a 405 answer must
//! list them (RFC 9110, section 15.5.6).

use serde_json::Value;

/// The methods of every path.
#[derive(Clone, Debug, Default)]
pub struct Methods(Vec<(String, String)>);

impl Methods {
    /// The methods of the operations in an API document.
    pub fn documented(document: &Value) -> Self {
        let mut methods = Self::default();
        let paths = document.get("paths").and_then(Value::as_object);
        for (template, operations) in paths.into_iter().flatten() {
            let operations = operations.as_object().into_iter().flatten();
            let names: Vec<&str> = operations.map(|(name, _)| name.as_str()).collect();
            methods.add(template, &names);
        }
        methods
    }

    /// Adds a path. A segment in braces matches any text.
    pub fn add(&mut self, template: &str, methods: &[&str]) {
        let mut allow: Vec<String> = methods.iter().map(|m| m.to_uppercase()).collect();
        // A path that takes GET takes HEAD as well.
        if let Some(get) = allow.iter().position(|m| m == "GET") {
            allow.insert(get + 1, "HEAD".to_owned());
        }
        self.0.push((template.to_owned(), allow.join(", ")));
    }

    /// The methods of a path as the `Allow` header lists them; `None`: the path does not exist.
    pub fn at(&self, path: &str) -> Option<&str> {
        self.find(path).map(|(_, allow)| allow.as_str())
    }

    /// The path as it was added, segments in braces included; `None`: the path does not exist.
    pub fn template(&self, path: &str) -> Option<&str> {
        self.find(path).map(|(template, _)| template.as_str())
    }

    fn find(&self, path: &str) -> Option<&(String, String)> {
        self.0.iter().find(|(template, _)| matches(template, path))
    }
}

fn matches(template: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(name), Some(value)) if name.starts_with('{') && !value.is_empty() => {}
            (Some(segment), Some(value)) if segment == value => {}
            (Some(_), Some(_)) | (Some(_), None) | (None, Some(_)) => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_takes_the_methods_of_its_operations() {
        let document = json!({"paths": {
            "/a/b": {"post": {}},
            "/a/b/{id}": {"get": {}, "delete": {}},
        }});
        let methods = Methods::documented(&document);
        for (path, allow) in [
            ("/a/b", Some("POST")),
            ("/a/b/7", Some("GET, HEAD, DELETE")),
            ("/a/b/%FF", Some("GET, HEAD, DELETE")),
            ("/a/b/", None),
            ("/a/b/7/c", None),
            ("/a", None),
            ("/", None),
        ] {
            assert_eq!(methods.at(path), allow, "{path}");
        }
        assert_eq!(methods.template("/a/b/7"), Some("/a/b/{id}"));
        assert_eq!(methods.template("/a/b/7/c"), None);
    }
}
