//! The server: what it is made of, how it starts and stops.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use quorate_protocol::{ErrorBody, Limits};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::api::{self, Api, Links, Proxies};
use crate::config::{Auth, Config, Link};
use crate::connection::{Door, Manners};
use crate::identity::{Identity, IssuerSettings, KeyError, ServerKey};
use crate::live::ids::Ids;
use crate::live::{self, Live, clock};
use crate::replay::Replays;
use crate::report::{Disclosure, Reports};
use crate::store::{OpenError, Store, StoreError};
use crate::telemetry::{SocketMetrics, Telemetry};

/// How long a request's head may take.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// Journals verified at the same time over REST.
const VERIFIED_AT_ONCE: usize = 1;
/// How long stopping may take.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// How often it is written down when API keys and bot tokens were used; they tell it to the minute.
const NOTE_USES_EVERY: Duration = Duration::from_secs(60);

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
    /// A setting makes no sense.
    #[error("{key}: {why}")]
    Setting {
        /// Which.
        key: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The setup link cannot be made.
    #[error("failed to make the setup link: {0}")]
    Setup(ErrorBody),
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
    door: Arc<Door>,
    reports: Reports,
    /// How often it is looked which meetings are to be summed up.
    summing_up: Duration,
    links: Links,
    proxies: Proxies,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Server {
    /// Listens, and opens the data folder: made on first start, with key and database.
    ///
    /// # Errors
    /// When the address is taken, or folder, key or database cannot be opened; nothing is altered then.
    pub async fn new(config: &Config) -> Result<Server, StartError> {
        let links = setting("public_url", Links::new(config.public_url.as_deref()))?;
        let proxies = config.trusted_proxies.iter().map(|network| network.parse());
        let proxies = Proxies(setting("trusted_proxies", proxies.collect::<Result<_, _>>())?);
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
            live,
            identity: Identity::new(key, store.clone(), issuer_settings(&config.auth)),
            store,
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
            Telemetry::new(clock::wall(), door.store.metrics(), door.live.metrics(), &door.metrics);
        let reports = Reports::new(door.store.clone(), disclosure(config));
        let router = api::router(Arc::new(Api {
            door: door.clone(),
            guests_create: config.guests_create(),
            origins: config.origins.iter().cloned().chain(links.origin()).collect(),
            links: links.clone(),
            tasks: tasks.clone(),
            replays: Replays::new(door.store.clone()),
            reports: reports.clone(),
            verifying: Semaphore::new(VERIFIED_AT_ONCE),
            telemetry,
            metrics_token: config.metrics.token.clone(),
            raters_min: config.feedback.raters_min,
        }));
        let summing_up = Duration::from_secs(config.checkpoint_seconds.into());
        Ok(Server {
            listener,
            address,
            router,
            door,
            reports,
            summing_up,
            links,
            proxies,
            stop,
            tasks,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The link by which whoever has it becomes the administrator, once and soon; none where there is one.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn setup_link(&self) -> Result<Option<String>, StartError> {
        let secret = self.door.identity.open_setup().await.map_err(StartError::Setup)?;
        Ok(secret.map(|secret| self.links.setup(self.address, &secret)))
    }

    /// Cancel it to stop the server.
    #[must_use]
    pub fn stop_token(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Serves until stopped, then in the order of the road: accepts no more, says `bye restarting`, lets
    /// the meetings finish, closes the store.
    pub async fn run(self) {
        let Server { listener, router, door, reports, summing_up, proxies, stop, tasks, .. } = self;
        let (caught_up, summed_up) = oneshot::channel();
        tasks.spawn(reports.keep_digests(summing_up, stop.clone(), caught_up));
        let live = door.live.clone();
        tasks.spawn(async move {
            // Who is woken may delete what a digest is made of that was not made before the server stopped.
            let _ = summed_up.await;
            live.wake_sleepers().await;
        });
        tasks.spawn(note_uses(door.clone(), stop.clone()));
        let accepting = accept(listener, router, Arc::new(proxies), &tasks, &stop);
        stop.run_until_cancelled(accepting).await;
        tasks.close();
        if timeout(STOP_TIMEOUT, tasks.wait()).await.is_err() {
            tracing::warn!("some clients took too long to close; stopping all the same");
        }
        door.store.clone().close().await;
    }
}

/// Writes down from time to time, and in the end, when tokens were used.
async fn note_uses(door: Arc<Door>, stop: CancellationToken) {
    loop {
        let ticking = stop.run_until_cancelled(tokio::time::sleep(NOTE_USES_EVERY)).await;
        if let Err(error) = door.identity.flush_uses().await {
            tracing::warn!(%error, "failed to note when tokens were used");
        }
        if ticking.is_none() {
            return;
        }
    }
}

async fn accept(
    listener: TcpListener,
    router: Router,
    proxies: Arc<Proxies>,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) {
    loop {
        match listener.accept().await {
            Ok((socket, peer)) => {
                let inner = TowerToHyperService::new(router.clone());
                let service = WithPeer { inner, address: peer.ip(), proxies: proxies.clone() };
                let serving = serve_http(socket, service);
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

/// The routes, told where each request comes from.
struct WithPeer {
    inner: TowerToHyperService<Router>,
    address: IpAddr,
    proxies: Arc<Proxies>,
}

impl Service<Request<Incoming>> for WithPeer {
    type Response = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Response;
    type Error = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Error;
    type Future = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Future;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        let peer = self.proxies.peer(self.address, request.headers());
        request.extensions_mut().insert(peer);
        self.inner.call(request)
    }
}

async fn serve_http(socket: TcpStream, service: WithPeer) {
    // One frame, one packet: nothing here waits for company.
    let _ = socket.set_nodelay(true);
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    let serving = http.serve_connection(TokioIo::new(socket), service).with_upgrades();
    if let Err(error) = serving.await {
        tracing::debug!(%error, "an HTTP connection ended");
    }
}

fn disclosure(config: &Config) -> Disclosure {
    Disclosure { privacy: config.privacy, raters_min: config.feedback.raters_min }
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

fn setting<T>(key: &'static str, read: Result<T, impl std::error::Error>) -> Result<T, StartError> {
    read.map_err(|error| StartError::Setting { key, why: error.to_string() })
}

fn issuer_settings(auth: &Auth) -> Option<IssuerSettings> {
    Some(IssuerSettings {
        issuer: auth.issuer.clone()?,
        audience: auth.audience.clone()?,
        jwks_url: auth.jwks_url.clone(),
        client_secret: auth.client_secret.clone(),
        leeway_seconds: auth.leeway_seconds,
        link: auth.link == Link::VerifiedEmail,
        trust_claims: auth.trust_claims,
    })
}
