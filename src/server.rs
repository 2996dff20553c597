//! The server: what it is made of, how it starts and stops.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use quorate_protocol::Limits;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::api::{self, Api, Peer};
use crate::config::Config;
use crate::connection::{Door, Manners};
use crate::identity::{Identity, KeyError, ServerKey};
use crate::live::ids::Ids;
use crate::live::{self, Live, clock};
use crate::store::{OpenError, Store, StoreError};
use crate::telemetry::{SocketMetrics, Telemetry};

/// How long a request's head may take.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long stopping may take.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("failed to listen on {address}: {error}; choose another with --listen")]
    Listen {
        /// Which address.
        address: SocketAddr,
        /// Why.
        error: io::Error,
    },
    /// The data folder cannot be made.
    #[error("failed to make the data folder {}: {error}; choose another with --data", path.display())]
    Data {
        /// Which folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The key cannot be had.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A server that listens. [`Server::run`] serves until [`Server::stop_token`] is cancelled.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    router: Router,
    live: Live,
    store: Store,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Server {
    /// Listens, and opens the data folder: made on first start, with key and database.
    ///
    /// # Errors
    /// When the address is taken, or folder, key or database cannot be opened; nothing is altered then.
    pub async fn new(config: &Config) -> Result<Server, StartError> {
        // The address first: a second server on the same data must not touch it.
        let listen = |error| StartError::Listen { address: config.listen, error };
        let listener = TcpListener::bind(config.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let data = |error| StartError::Data { path: config.data.clone(), error };
        config.make_data_folder().map_err(data)?;
        // Before the database, which is made where there is none: a broken key alters nothing.
        let key = ServerKey::find(&config.data)?;
        let store = Store::open(&config.database(), config.durability.into())?;
        let key = key.map_or_else(|| ServerKey::load_or_create(&config.data), Ok)?;
        let highest = store.highest_ids().await?;
        let ids = Ids::after(highest.user, highest.meeting, highest.participant);
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let settings = live_settings(config, &key);
        let live = Live::new(store.clone(), ids, settings, stop.clone(), tasks.clone());
        live.roles().load().await?;
        let door = Arc::new(Door {
            live: live.clone(),
            identity: Identity::new(key, store.clone()),
            store: store.clone(),
            manners: Manners {
                hello: Duration::from_secs(config.hello_seconds.into()),
                heartbeat: Duration::from_secs(config.heartbeat_seconds.into()),
                points_per_second: config.limits.points_per_second,
                burst: config.limits.burst,
            },
            tries: Mutex::default(),
            metrics: SocketMetrics::default(),
        });
        let telemetry =
            Telemetry::new(clock::wall(), store.metrics(), live.metrics(), &door.metrics);
        let router = api::router(Arc::new(Api {
            door,
            guests_create: config.guests_create(),
            origins: config.origins.clone(),
            tasks: tasks.clone(),
            telemetry,
            metrics_token: config.metrics.token.clone(),
            trusted_proxies: config.trusted_proxies.clone(),
        }));
        Ok(Server { listener, address, router, live, store, stop, tasks })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cancel it to stop the server.
    #[must_use]
    pub fn stop_token(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Serves until stopped, then in the order of the road: accepts no more, says `bye restarting`, lets
    /// the meetings finish, closes the store.
    pub async fn run(self) {
        let Server { listener, router, live, store, stop, tasks, .. } = self;
        tasks.spawn(live.wake_sleepers());
        let accepting = accept(listener, router, &tasks, &stop);
        stop.run_until_cancelled(accepting).await;
        tasks.close();
        if timeout(STOP_TIMEOUT, tasks.wait()).await.is_err() {
            tracing::warn!("some clients took too long to close; stopping all the same");
        }
        store.close().await;
    }
}

async fn accept(
    listener: TcpListener,
    router: Router,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) {
    loop {
        match listener.accept().await {
            Ok((socket, peer)) => {
                let serving = serve_http(socket, Peer(peer.ip()), router.clone());
                let stop = stop.clone();
                // A socket that was upgraded goes on as a task of its own.
                tasks.spawn(async move { stop.run_until_cancelled(serving).await });
            }
            Err(error) => {
                tracing::warn!(%error, "failed to accept; are there too few open files?");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn serve_http(socket: TcpStream, peer: Peer, router: Router) {
    // One frame, one packet: nothing here waits for company.
    let _ = socket.set_nodelay(true);
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request| {
        request.extensions_mut().insert(peer);
        router.call(request)
    });
    let serving = http.serve_connection(TokioIo::new(socket), service).with_upgrades();
    if let Err(error) = serving.await {
        tracing::debug!(%error, "an HTTP connection ended");
    }
}

fn live_settings(config: &Config, key: &ServerKey) -> live::Settings {
    live::Settings {
        terms: config.terms(),
        heartbeat_seconds: config.heartbeat_seconds,
        checkpoint_seconds: config.checkpoint_seconds,
        retire_after_seconds: config.retire_after_seconds,
        limits: Limits {
            points_per_second: config.limits.points_per_second,
            burst: config.limits.burst,
            ..Limits::default()
        },
        resume_tokens: Identity::resume_tokens(key).into(),
    }
}
