//! A client of Quorate that resumes by itself.
//!
//! [`Client::connect`] says hello and gives two halves: a [`Client`] that sends typed commands and
//! awaits their answers, and [`Notices`], the stream of what happens. When the socket is lost the
//! client comes back, goes on after the last event it had, and sends again what was not answered,
//! under the same ids, so that each command is carried out once.
//!
//! ```no_run
//! use quorate_client::{Client, Notice, Options};
//! use quorate_client::protocol::{ChatSend, Command, Hello};
//!
//! # async fn example(hello: Hello) -> Result<(), Box<dyn std::error::Error>> {
//! let options = Options::new("ws://127.0.0.1:8080/ws", hello);
//! let (client, mut notices) = Client::connect(options).await?;
//! tokio::spawn(async move {
//!     while let Some(notice) = notices.next().await {
//!         if let Notice::Event(event) = notice {
//!             println!("{} {}", event.seq, event.body.kind());
//!         }
//!     }
//! });
//! let text = "Shall we begin?".to_owned();
//! let done = client.send(Command::ChatSend(ChatSend { text, to: None, reply_to: None })).await?;
//! println!("it is event {:?}", done.seq);
//! # Ok(())
//! # }
//! ```
//!
//! One task per client holds the socket (`task`); what outlives a socket is in `session`, without I/O.

mod error;
mod handle;
mod options;
mod session;
mod socket;
mod task;

pub use error::{CommandError, ConnectError};
pub use handle::{Client, Done, Notice, Notices};
pub use options::{Backoff, Options};
/// What is on the wire.
pub use quorate_protocol as protocol;
