use proptest::prelude::*;

use super::*;

/// The name of the first field and the contents of all fields.
fn read(form: &[u8], boundary: &str) -> Result<(Option<String>, Vec<Vec<u8>>), FormError> {
    let mut parts = Form::new(form, boundary.as_bytes());
    let (mut name, mut contents) = (None, Vec::new());
    while let Some(part) = parts.next_part()? {
        let named = part.name.map(|n| String::from_utf8_lossy(&n).into_owned());
        name = name.or(named);
        contents.push(form[part.content].to_vec());
    }
    Ok((name, contents))
}

fn one(form: &str) -> (Option<String>, String) {
    let (name, contents) = read(form.as_bytes(), "b").expect(form);
    assert_eq!(contents.len(), 1, "{form}");
    (name, String::from_utf8(contents[0].clone()).unwrap())
}

#[test]
fn boundaries_are_read_as_clients_write_them() {
    for content_type in [
        "multipart/form-data; boundary=XbX",
        "multipart/form-data; boundary=XbX ; charset=utf-8",
        "multipart/form-data; boundary=XbX; charset=utf-8",
        "multipart/form-data; charset=utf-8; boundary=XbX",
        "multipart/form-data;boundary=XbX;",
        "multipart/form-data ;\tBoundary = XbX",
        "multipart/form-data; BOUNDARY=\"XbX\"",
        "multipart/form-data; boundary = \"XbX\" ; charset=\"utf-8\"",
        "multipart/form-data; boundary=\"Xb\\X\"",
        "multipart/form-data; boundary=XbX; boundary=XbX",
        "multipart/form-data; x=\"; boundary=Y\"; boundary=XbX",
    ] {
        assert_eq!(
            boundary(content_type.as_bytes()).unwrap(),
            b"XbX",
            "{content_type}"
        );
    }
    for written in [
        "----=_Part_5_1234.5678",
        "----WebKitFormBoundary7MA4YWxkTrZu0gW",
        "a/b:c?d'(e)+_,-.",
        "\"a;b c\"",
    ] {
        let content_type = format!("multipart/form-data; boundary={written}");
        let plain = written.trim_matches('"').as_bytes();
        assert_eq!(boundary(content_type.as_bytes()).unwrap(), plain);
    }
    for (content_type, error) in [
        ("multipart/form-data", FormError::NoBoundary),
        ("multipart/form-data; boundary", FormError::NoBoundary),
        ("multipart/form-data; boundary= ", FormError::NoBoundary),
        ("multipart/form-data; boundary=\"\"", FormError::NoBoundary),
        (
            "multipart/form-data; boundary=\"XbX",
            FormError::UnclosedBoundary,
        ),
        (
            "multipart/form-data; boundary=a; boundary=b",
            FormError::TwoBoundaries,
        ),
    ] {
        assert_eq!(
            boundary(content_type.as_bytes()),
            Err(error),
            "{content_type}"
        );
    }
}

#[test]
fn names_are_read_as_clients_write_them() {
    for (header, name) in [
        ("Content-Disposition: form-data; name=\"a\"", Some("a")),
        ("content-disposition:form-data;name=a", Some("a")),
        ("CONTENT-DISPOSITION : Form-Data ; NAME = a ", Some("a")),
        (
            "Content-Disposition: form-data; filename=\"x; name=y\"; name=\"a\"",
            Some("a"),
        ),
        (
            "Content-Disposition: form-data; filename=\"C:\\dir\\x.jpg\"; name=a",
            Some("a"),
        ),
        (
            "Content-Disposition: form-data; name=\"a\\\"\\\\b\"",
            Some("a\"\\b"),
        ),
        (
            "Content-Disposition: form-data; filename*=UTF-8''x.jpg; name=a",
            Some("a"),
        ),
        (
            "Content-Disposition: form-data; name=a; filename=\"größe.jpg\"",
            Some("a"),
        ),
        (
            "Content-Disposition: form-data; name*=utf-8''%61%C3%A9%zz",
            Some("aé%zz"),
        ),
        ("Content-Disposition: form-data; name*=x; name=a", Some("a")),
        (
            "Content-Disposition: form-data;\r\n\tname=\"a\";\r\n filename=x",
            Some("a"),
        ),
        (
            "Content-Type: image/jpeg\r\nContent-Disposition: form-data; name=a",
            Some("a"),
        ),
        ("Content-Disposition: form-data; names=a", None),
        ("Content-Disposition: form-data; name*=a", None),
        ("Content-Type: image/jpeg; name=a", None),
    ] {
        let form = format!("--b\r\n{header}\r\n\r\nx\r\n--b--\r\n");
        assert_eq!(
            one(&form),
            (name.map(str::to_owned), "x".to_owned()),
            "{header}"
        );
    }
}

#[test]
fn parts_are_separated_as_clients_separate_them() {
    for (form, content) in [
        // Text before and after, a line's end before, none at the end.
        ("\r\n--b\r\nA: c\r\n\r\nx\r\n--b--", "x"),
        (
            "preamble --b\r\nmore\r\n--b\r\nA: c\r\n\r\nx\r\n--b--\r\nepilogue\r\n--b\r\n",
            "x",
        ),
        // White space follows a boundary.
        ("--b \t\r\nA: c\r\n\r\nx\r\n--b-- \r\n", "x"),
        ("--b\r\nA: c\r\n\r\nx\r\n--b--\t", "x"),
        // Text that only resembles a delimiter belongs to the content.
        (
            "--b\r\nA: c\r\n\r\nx\r\n--bc\r\n--b-\r\n -b\r\n\r\n--b--",
            "x\r\n--bc\r\n--b-\r\n -b\r\n",
        ),
        ("--b\r\nA: c\r\n\r\nx--b\r\n--b--", "x--b"),
        ("--b\r\nA: c\r\n\r\nx\n--b\r\n\r\n--b--", "x\n--b\r\n"),
        // Neither header nor content.
        ("--b\r\n\r\nx\r\n--b--", "x"),
        ("--b\r\nA: c\r\n\r\n\r\n--b--", ""),
        ("--b\r\nA: c\r\n\r\n--b--", ""),
        // Lines that end with LF alone; then a CR before one is content.
        ("--b\nA: c\n\nx\n--b--\n", "x"),
        ("\n--b\nA: c\n\nx\r\n--b--\n", "x\r"),
    ] {
        assert_eq!(one(form).1, content, "{form:?}");
    }
    assert_eq!(read(b"--b--\r\n", "b"), Ok((None, Vec::new())));
}

#[test]
fn what_cannot_be_read_is_refused_with_what_to_change() {
    let shown = || Excerpt::of("b");
    let long = format!("--b\r\nA: {}\r\n\r\nx\r\n--b--", "c".repeat(MAX_HEADER));
    for (form, error) in [
        ("", FormError::OtherBoundary(shown())),
        ("{}", FormError::OtherBoundary(shown())),
        ("--b", FormError::OtherBoundary(shown())),
        (
            "--c\r\nA: c\r\n\r\nx\r\n--c--",
            FormError::OtherBoundary(shown()),
        ),
        ("--b\r\nno header\r\n\r\nx\r\n--b--", FormError::Header),
        ("--b\r\nA: c\r\n--b--\r\n\r\n", FormError::Header),
        ("--b\r\nA: c", FormError::BreaksOff(shown())),
        ("--b\r\nA: c\r\n", FormError::BreaksOff(shown())),
        ("--b\r\nA: c\r\n\r\nx", FormError::BreaksOff(shown())),
        ("--b\r\nA: c\r\n\r\nx--b--", FormError::BreaksOff(shown())),
        ("--b\r\nA: c\r\n\r\nx\r\n--b", FormError::BreaksOff(shown())),
        (
            "--b\r\nA: c\r\n\r\nx\r\n--b\r\n",
            FormError::BreaksOff(shown()),
        ),
        (&long, FormError::LongHeader),
    ] {
        assert_eq!(read(form.as_bytes(), "b"), Err(error), "{form:?}");
    }
}

proptest! {
    #[test]
    fn any_content_comes_back(contents in prop::collection::vec(any::<Vec<u8>>(), 1..4), newline in prop::sample::select(vec!["\r\n", "\n"])) {
        let mut form = Vec::new();
        for content in &contents {
            form.extend_from_slice(format!("--b0undary{newline}Content-Disposition: form-data; name=a{newline}{newline}").as_bytes());
            form.extend_from_slice(content);
            form.extend_from_slice(newline.as_bytes());
        }
        form.extend_from_slice(b"--b0undary--");
        let (_, found) = read(&form, "b0undary").unwrap();
        prop_assert_eq!(found, contents);
    }

    #[test]
    fn nothing_makes_reading_panic(form in "(--b|-|\r|\n|\r\n| |:|A|name=a|;){0,40}") {
        let _ = read(form.as_bytes(), "b");
    }
}
