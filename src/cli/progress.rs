//! How far long work has come, on stderr; nothing where that is no terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar of this many, whose end may come to be known later.
pub(super) fn bar(what: &'static str) -> ProgressBar {
    let style = "{msg} {wide_bar} {human_pos}/{human_len} {eta}";
    let bar = ProgressBar::new(0).with_message(what);
    match ProgressStyle::with_template(style) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// Says how far it is.
pub(super) fn tell(bar: &ProgressBar, done: u64, total: u64) {
    if bar.length() != Some(total) {
        bar.set_length(total);
    }
    bar.set_position(done);
}
