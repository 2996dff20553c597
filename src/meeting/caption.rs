//! Captions: those that may change yet pass, the final ones are kept.

use quorate_protocol::{
    CAPTION_CHARS_MAX, Caption, CaptionPublish, LANG_CHARS_MAX, Permission, SignalBody,
};

use super::event::{Fact, Personal};
use super::facts::Facts;
use super::person::Person;
use super::{Decision, Refusal, SignalTo, text};

impl Facts {
    pub(super) fn publish_caption(
        &self,
        me: &Person,
        ask: &CaptionPublish,
    ) -> Result<Decision, Refusal> {
        self.require(me, Permission::CaptionPublish)?;
        text::check("text", &ask.text, CAPTION_CHARS_MAX)?;
        if ask.lang.as_deref().is_some_and(|lang| !is_tag(lang)) {
            let message = "must be a language tag, as in en or pt-BR";
            return Err(Refusal::Invalid { field: "lang", message });
        }
        if let (Some(start), Some(end)) = (ask.start_ms, ask.end_ms)
            && end < start
        {
            let message = "must not be before start_ms";
            return Err(Refusal::Invalid { field: "end_ms", message });
        }
        if let Some(speaker) = ask.speaker {
            self.person(speaker)?.who_is_in()?;
        }
        let CaptionPublish { ref text, speaker, r#final, ref lang, start_ms, end_ms } = *ask;
        let (text, lang, around) = (text.clone(), lang.clone(), self.around(me));
        let mut decision = Decision::by(me);
        if r#final {
            let fact = Fact::CaptionPublished { speaker, lang: lang.clone(), start_ms, end_ms };
            let personal = Personal { text: Some(text.clone()), ..Personal::default() };
            decision = decision.personal_event(around.clone(), fact, personal);
        }
        let caption = Caption { by: me.id, text, speaker, r#final, lang, start_ms, end_ms };
        Ok(decision.signal(SignalTo::Audience(around), SignalBody::Caption(caption)))
    }
}

/// Whether it looks like a BCP 47 tag: a language of letters, then subtags of letters and digits.
fn is_tag(lang: &str) -> bool {
    let mut subtags = lang.split('-');
    let language = subtags.next().unwrap_or_default();
    lang.len() <= LANG_CHARS_MAX
        && (2..=8).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_alphabetic())
        && subtags.all(|subtag| {
            (1..=8).contains(&subtag.len())
                && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

#[cfg(test)]
mod tests {
    use super::is_tag;

    #[test]
    fn a_language_tag_is_told_from_other_text() {
        for tag in ["en", "pt-BR", "zh-Hant-TW", "sl-rozaj-biske-1994", "de-x-a"] {
            assert!(is_tag(tag), "{tag}");
        }
        let long = format!("en{}", "-abcdefgh".repeat(4));
        for tag in ["", "e", "en-", "-en", "en_US", "12", "en--US", "français", "en us", &long] {
            assert!(!is_tag(tag), "{tag}");
        }
    }
}
