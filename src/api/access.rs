//! Which meetings there are for someone.

use quorate_protocol::{Code, ErrorBody, MeetingId};

use super::Api;
use super::problem::Problem;
use crate::identity::{Caller, Reach, unavailable};

/// What is not there, and what one may not see: the same answer.
pub(super) fn no_meeting() -> Problem {
    Problem(ErrorBody::new(Code::NotFound, "there is no such meeting, or not for you"))
}

/// The meeting of that id, if there is one for them.
///
/// # Errors
/// `not_found` where it is not there, or not for them.
pub(super) async fn seen(api: &Api, caller: &Caller, id: i64) -> Result<MeetingId, Problem> {
    let (id, store) = (MeetingId(id), &api.door.store);
    let sees = match &caller.reach {
        _ if caller.admin => store.meeting_exists(id).await.map_err(unavailable)?,
        Reach::All => {
            let email = caller.email.as_deref();
            store.user_may_see(id, caller.user.id, email).await.map_err(unavailable)?
        }
        Reach::These(_) | Reach::HostedBy(_) => {
            api.door.reaches(&caller.reach, id).await?
                && store.meeting_exists(id).await.map_err(unavailable)?
        }
    };
    if sees { Ok(id) } else { Err(no_meeting()) }
}
