//! The server's custom roles: in memory for its meetings, in the table `roles` for good.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use quorate_protocol::{
    Code, CustomRole, ErrorBody, RoleDefine, RoleKey, RoleUser, SERVER_ROLES_MAX,
};
use tokio::sync::Mutex;
use tokio_util::task::TaskTracker;

use super::clock;
use crate::meeting::custom_roles::{Definer, ServerRoles};
use crate::meeting::roles::{self, RoleSource};
use crate::store::{Store, StoreError};

/// The server's custom roles. Meetings take what changes here over in their next step.
pub struct Roles {
    store: Store,
    current: RwLock<ServerRoles>,
    /// Held by who changes them.
    changing: Mutex<()>,
    /// Where a change is carried out to its end, whoever asked for it goes away meanwhile.
    tasks: TaskTracker,
}

/// Why a role is not removed.
#[derive(Debug)]
pub enum RoleInUse {
    /// These have it, in meetings that are not over; the first of them.
    By(Vec<RoleUser>),
    /// It is not there, or the store failed.
    Other(ErrorBody),
}

impl From<ErrorBody> for RoleInUse {
    fn from(error: ErrorBody) -> RoleInUse {
        RoleInUse::Other(error)
    }
}

impl Roles {
    /// None yet; see [`Roles::load`].
    pub(super) fn new(store: Store, tasks: TaskTracker) -> Arc<Roles> {
        let (current, changing) = (RwLock::default(), Mutex::default());
        Arc::new(Roles { store, current, changing, tasks })
    }

    /// Reads them from the store, before the first meeting starts.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn load(&self) -> Result<(), StoreError> {
        let stored = self.store.roles().await?.into_iter();
        self.set(stored.map(roles::CustomRole::of_server).collect());
        Ok(())
    }

    /// As they are now.
    pub(super) fn current(&self) -> ServerRoles {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, roles: BTreeMap<RoleKey, roles::CustomRole>) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(roles);
    }

    /// All of them, by key.
    #[must_use]
    pub fn list(&self) -> Vec<CustomRole> {
        self.current().iter().map(|(key, role)| role.to_wire(*key)).collect()
    }

    /// The one of that key.
    #[must_use]
    pub fn get(&self, key: RoleKey) -> Option<CustomRole> {
        self.current().get(&key).map(|role| role.to_wire(key))
    }

    /// Defines a new one, as an admin.
    ///
    /// # Errors
    /// When it may not be so, its key is taken, there are too many, or the store fails.
    pub async fn create(self: &Arc<Self>, ask: RoleDefine) -> Result<CustomRole, ErrorBody> {
        let roles = self.clone();
        self.to_the_end(async move {
            let _changing = roles.changing.lock().await;
            let current = roles.current();
            if current.contains_key(&ask.key) {
                let message = "there is a role of that key; change it with PUT";
                return Err(ErrorBody::new(Code::Conflict, message).field("key"));
            }
            if current.len() >= SERVER_ROLES_MAX {
                let message = "there are as many roles as there may be; remove one first";
                let limit = Some(SERVER_ROLES_MAX as u64);
                return Err(ErrorBody { limit, ..ErrorBody::new(Code::Conflict, message) });
            }
            roles.define(&ask).await
        })
        .await
    }

    /// Defines one anew, as an admin; unchanged it keeps its version.
    ///
    /// # Errors
    /// When it is not there or may not be so, or the store fails.
    pub async fn replace(self: &Arc<Self>, ask: RoleDefine) -> Result<CustomRole, ErrorBody> {
        let roles = self.clone();
        self.to_the_end(async move {
            let _changing = roles.changing.lock().await;
            roles.get(ask.key).ok_or_else(no_role)?;
            roles.define(&ask).await
        })
        .await
    }

    async fn define(&self, ask: &RoleDefine) -> Result<CustomRole, ErrorBody> {
        let role = Definer::admin().define(ask, RoleSource::Server);
        let role = role.map_err(|no| ErrorBody::from(&no))?;
        let mut roles = BTreeMap::clone(&self.current());
        if let Some(role) = role.after(roles.get(&ask.key)) {
            let stored = self.store.set_role(role.to_wire(ask.key), clock::wall()).await;
            stored.map_err(unavailable)?;
            roles.insert(ask.key, role);
            self.set(roles);
        }
        self.get(ask.key).ok_or_else(no_role)
    }

    /// Removes one that nobody has, and answers it. One given in the same moment stays with its meeting.
    ///
    /// # Errors
    /// When it is not there or in use, or the store fails.
    pub async fn remove(self: &Arc<Self>, key: RoleKey) -> Result<CustomRole, RoleInUse> {
        let roles = self.clone();
        self.to_the_end(async move {
            let _changing = roles.changing.lock().await;
            let removed = roles.get(key).ok_or_else(no_role)?;
            let used_by = roles.store.users_of_role(key).await.map_err(unavailable)?;
            if !used_by.is_empty() {
                return Err(RoleInUse::By(used_by));
            }
            roles.store.remove_role(key).await.map_err(unavailable)?;
            let mut others = BTreeMap::clone(&roles.current());
            others.remove(&key);
            roles.set(others);
            Ok(removed)
        })
        .await
    }

    async fn to_the_end<T, E>(
        &self,
        change: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<ErrorBody> + Send + 'static,
    {
        let done = self.tasks.spawn(change).await;
        done.unwrap_or_else(|error| Err(unavailable(error).into()))
    }
}

fn no_role() -> ErrorBody {
    ErrorBody::new(Code::NotFound, "there is no role of that key")
}

fn unavailable(error: impl std::error::Error) -> ErrorBody {
    tracing::error!(%error, "failed to change the roles");
    ErrorBody::new(
        Code::Unavailable,
        "the store failed, and nothing changed; try again in a moment",
    )
}
