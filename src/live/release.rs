//! What leaves a meeting, and when: everything waits for the journal head upon which it was decided.

use std::sync::Arc;

use quorate_protocol::{Bye, Code, ErrorBody, MeetingId, Seq, ServerFrame};
use tokio::sync::oneshot;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::frames::history_frame;
use super::mail::{Acted, Attached, Reply};
use super::outbox::{Outbox, Parcel, What};
use super::ring::Item;
use super::step::Running;
use crate::meeting::HistoryPage;
use crate::meeting::event::View;
use crate::meeting::series::{News, SeriesBan};

/// What a sealed step holds back until its basis is committed.
pub(super) struct Held {
    pub(super) basis: Seq,
    pub(super) frames: Vec<Item>,
    pub(super) redacted: Vec<(Seq, Seq)>,
    pub(super) outputs: Vec<Output>,
}

/// Something that leaves.
pub(super) enum Output {
    View(Arc<Outbox>, Seq, View),
    Text(Arc<Outbox>, Utf8Bytes),
    Latest(Arc<Outbox>, Arc<str>, Utf8Bytes),
    Start(Arc<Outbox>, Utf8Bytes, Seq),
    Bye(Arc<Outbox>, Bye),
    History(Arc<Outbox>, i64, HistoryPage),
    Attached(oneshot::Sender<Reply<Attached>>, Box<Reply<Attached>>),
    /// To one who waits to hear that it is done.
    Done(oneshot::Sender<Reply<()>>, Reply<()>),
    SeriesBan(MeetingId, SeriesBan),
    News(oneshot::Sender<Reply<Vec<Option<News>>>>, Vec<Option<News>>),
    Acted(oneshot::Sender<Reply<Acted>>, Reply<Acted>),
}

impl Running {
    /// Lets out what was decided upon a committed head.
    pub(super) fn release(&mut self) {
        while self.held.front().is_some_and(|held| held.basis <= self.committed) {
            let Some(held) = self.held.pop_front() else { return };
            self.let_out(held);
        }
    }

    fn let_out(&self, held: Held) {
        // Views first: who finds an event in the ring finds the view it changed in the outbox.
        for output in &held.outputs {
            if let Output::View(outbox, seq, view) = output {
                outbox.change_view(*seq, *view);
            }
        }
        let sees = |view: &View| held.frames.iter().any(|frame| frame.audience.includes(view));
        let awake: Vec<_> = self.attached.values().filter(|it| sees(&it.view)).collect();
        self.ring.publish(held.frames, held.basis);
        self.ring.redact(&held.redacted);
        for attachment in awake {
            attachment.outbox.wake();
        }
        let after = self.ring.head();
        for output in held.outputs {
            self.put_out(output, after);
        }
    }

    fn put_out(&self, output: Output, after: u64) {
        let push = |outbox: Arc<Outbox>, what| outbox.push(Parcel { after, what });
        match output {
            Output::View(..) => {}
            Output::Text(outbox, text) => push(outbox, What::Text(text)),
            Output::Latest(outbox, kind, text) => outbox.set_latest(&kind, text),
            Output::Start(outbox, text, seq) => push(outbox, What::Start(text, seq)),
            Output::Bye(outbox, bye) => {
                let code = bye.code;
                push(outbox, What::Bye(ServerFrame::Bye(bye).to_text().into(), code));
            }
            Output::History(outbox, id, page) => self.put_out_history(outbox, id, page, after),
            // Who waited may be gone; then what we hand over is dropped, and says so itself.
            Output::Attached(reply, attached) => drop(reply.send(*attached)),
            Output::Done(reply, made) => drop(reply.send(made)),
            // Who is to hear of it is gone when the server stops; nobody is let in by then.
            Output::SeriesBan(occurrence, ban) => {
                drop(self.context.series_bans.send((occurrence, ban)));
            }
            Output::News(reply, news) => drop(reply.send(Ok(news))),
            Output::Acted(reply, acted) => drop(reply.send(acted)),
        }
    }

    /// A page of messages, once the texts that are no longer in memory are read.
    fn put_out_history(&self, outbox: Arc<Outbox>, id: i64, mut page: HistoryPage, after: u64) {
        let missing = page.missing();
        let meeting = self.meeting.facts.info.id;
        let store = self.context.store.clone();
        let answer = move |outbox: &Outbox, frame: String| {
            outbox.push(Parcel { after, what: What::Text(frame.into()) });
        };
        if missing.is_empty() {
            return answer(&outbox, history_frame(id, page));
        }
        self.context.tasks.spawn(async move {
            match store.events_at(meeting, missing).await {
                Ok(events) => {
                    page.fill_in(&events);
                    answer(&outbox, history_frame(id, page));
                }
                Err(error) => {
                    tracing::warn!(%meeting, %error, "failed to read old messages");
                    let error = ErrorBody::new(Code::Unavailable, "try again in a moment");
                    answer(&outbox, ServerFrame::Error(Some(id), error).to_text());
                }
            }
        });
    }
}
