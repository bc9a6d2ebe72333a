//! The report as files.

use livegate_common::shutdown::Shutdown;
use livegate_tests::clips::left_right;

use super::set::{Folder, point, run, scored};

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_one_file_that_says_the_names_of_captures_and_loads_nothing() {
    let turns = "actions = [{ name = \"turn_left\", from = 0.3, to = 1.1 }]\nabsent = [\"blink\"]";
    let live =
        format!("label = \"bona_fide\"\nsubject = \"a\"\ngroup = {{ light = \"<dim>\" }}\n{turns}");
    let mut folder = Folder::new();
    folder
        .clip("turn & back.mp4", &left_right(|_, _| {}), &live)
        .still(
            "print.png",
            &scored(0.1),
            "label = \"attack\"\ninstrument = \"print\"",
        )
        .still(
            "mask.png",
            &scored(0.7),
            "label = \"attack\"\ninstrument = \"<mask>\"",
        );
    let (_trigger, shutdown) = Shutdown::new();
    let report = run(&folder.set(), &folder.out(), &point(), &shutdown)
        .await
        .unwrap();
    report.write(&folder.out()).unwrap();

    let read = |name: &str| std::fs::read_to_string(folder.out().join(name)).unwrap();
    let page = read("report.html");
    for part in [
        "turn &amp; back.mp4",
        "APCER &lt;mask&gt;",
        "Only light: &lt;dim&gt;",
        "Detection error trade-off",
    ] {
        assert!(page.contains(part), "{part}");
    }
    for loading in [
        "<script", "<link", "<img", "src=", "href=", "url(", "@import", "<mask>",
    ] {
        assert!(!page.contains(loading), "{loading}");
    }
    assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());

    for name in [
        "rates.svg",
        "det.svg",
        "scores.svg",
        "actions.svg",
        "likeness.svg",
    ] {
        let plot = read(name);
        let is_alone =
            plot.starts_with("<svg ") && plot.contains("xmlns=") && plot.contains("<style>");
        assert!(
            is_alone && !plot.contains("NaN") && !plot.contains("inf"),
            "{name}: {plot}"
        );
    }
    let text = read("report.txt");
    assert!(
        text.contains("APCER print") && text.contains("turn_left"),
        "{text}"
    );
}
