//! What a meeting was like.

pub mod html;
