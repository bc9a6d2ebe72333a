//! Compiles `libjpeg/` against the headers of the libjpeg-turbo that `turbojpeg-sys` builds.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=libjpeg");
    let mut build = cc::Build::new();
    build
        .file("libjpeg/decode.c")
        .warnings(true)
        .extra_warnings(true);
    // The list of folders that hold the headers; empty where they are the system's.
    let folders = env::var("DEP_TURBOJPEG_INCLUDE").unwrap_or_default();
    for folder in folders.split(',').filter(|f| !f.is_empty()) {
        build.include(folder);
        println!("cargo:rustc-env=LIVEGATE_JPEG_HEADERS={folder}");
    }
    build.compile("livegate_jpeg");
}
