//! Identity, with a store and no server: what the clock does to links and sign-ins.

use std::time::Duration;

use quorate_protocol::{Code, MeetingId, ParticipantId, SetupSignIn, UserId, UserKind};

use super::{Caller, Claims, Identity, Reach, ServerKey};
use crate::live::clock;
use crate::live::ids::Ids;
use crate::store::{Durability, Store};

struct Stage {
    identity: Identity,
    store: Store,
    ids: Ids,
    _folder: tempfile::TempDir,
}

fn stage() -> Stage {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("quorate.db"), Durability::Normal).unwrap();
    let identity = Identity::new(ServerKey([7; 32]), store.clone(), None);
    let ids = Ids::after(UserId(0), MeetingId(0), ParticipantId(0));
    Stage { identity, store, ids, _folder: folder }
}

impl Stage {
    fn setup(&self, secret: &str) -> SetupSignIn {
        let (username, name) = ("root".to_owned(), "Root".to_owned());
        SetupSignIn { secret: secret.to_owned(), username, name, email: None }
    }

    async fn caller(&self, change: impl FnOnce(&mut Claims)) -> Caller {
        let mut claims = Claims::new("ana".to_owned(), None, 1, clock::wall());
        change(&mut claims);
        self.identity.bearer(&self.ids, &self.identity.key.sign(&claims)).await.unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn a_setup_link_holds_for_fifteen_minutes_and_the_latest_alone() {
    let stage = stage();
    let first = stage.identity.open_setup().await.unwrap().unwrap();
    let second = stage.identity.open_setup().await.unwrap().unwrap();
    let said = async |secret: &str| {
        let done = stage.identity.set_up(&stage.ids, stage.setup(secret)).await;
        done.map(drop).map_err(|error| (error.code, error.message))
    };
    assert_eq!(said(&first).await.unwrap_err().0, Code::Unauthorized);
    tokio::time::advance(Duration::from_secs(15 * 60)).await;
    let (code, message) = said(&second).await.unwrap_err();
    assert_eq!(code, Code::Unauthorized);
    assert!(message.contains("expired"), "{message}");
    let third = stage.identity.open_setup().await.unwrap().unwrap();
    assert_eq!(said(&third).await, Ok(()));
    assert_eq!(said(&third).await.unwrap_err().0, Code::Conflict);
    assert_eq!(stage.identity.open_setup().await.unwrap(), None);
}

#[tokio::test]
async fn of_two_at_once_one_is_set_up() {
    let stage = stage();
    let secret = stage.identity.open_setup().await.unwrap().unwrap();
    let at_once = || stage.identity.set_up(&stage.ids, stage.setup(&secret));
    let (one, other) = tokio::join!(at_once(), at_once());
    assert_eq!([one.is_ok(), other.is_ok()].iter().filter(|ok| **ok).count(), 1);
}

#[tokio::test]
async fn twenty_browsers_of_one_stay_signed_in_and_what_expired_is_forgotten() {
    let stage = stage();
    let ana = stage.caller(|_| {}).await;
    stage.store.write_user(ana.user.clone()).await.unwrap();
    let sign_in = async || {
        let claims = Claims::new("ana".to_owned(), None, 0, clock::wall());
        let signed_in = stage.identity.keep_signed_in(ana.user.id, claims, None).await;
        signed_in.unwrap().cookie.unwrap()
    };
    let first = sign_in().await;
    assert!(stage.identity.renew(&first).await.is_ok());
    let mut cookies = Vec::new();
    for _ in 0..20 {
        cookies.push(sign_in().await);
    }
    let hold = async |cookies: &[String]| {
        let mut hold = 0;
        for cookie in cookies {
            hold += usize::from(stage.identity.renew(cookie).await.is_ok());
        }
        hold
    };
    // In the same millisecond any of them may be the oldest; one of all is over.
    cookies.push(first);
    assert_eq!(hold(&cookies).await, 20);

    // Of long ago.
    let (long_ago, past) = (
        quorate_protocol::Timestamp(clock::wall().0 - 40 * 86_400_000),
        quorate_protocol::Timestamp(clock::wall().0 - 10 * 86_400_000),
    );
    let hash = super::secrets::hash("old");
    let old = crate::store::StoredSignIn {
        user: ana.user.id,
        claims: "{}".to_owned(),
        last_used_at: long_ago,
    };
    stage.store.add_sign_in(hash, old, past).await.unwrap();
    assert_eq!(stage.identity.renew("old").await.unwrap_err().code, Code::Unauthorized);
    sign_in().await;
    assert!(!stage.store.remove_sign_in(hash).await.unwrap(), "it was forgotten");
}

#[tokio::test]
async fn a_calendars_secret_names_its_user_while_it_is_the_latest() {
    let stage = stage();
    let ana = stage.caller(|_| {}).await;
    let secret = stage.identity.calendar_secret(&ana).await.unwrap().unwrap();
    let whose = async |secret: &str| stage.identity.calendar_user(secret).await.unwrap();
    assert_eq!(whose(&secret).await, Some(ana.user.id));
    for wrong in ["", "AAAA", "AAAAAAAAAAAA", &secret[1..], &format!("{secret}A"), "☃"] {
        assert_eq!(whose(wrong).await, None, "{wrong}");
    }
    let new = stage.identity.new_calendar_secret(&ana).await.unwrap();
    assert_eq!((whose(&secret).await, whose(&new).await), (None, Some(ana.user.id)));
    stage.store.set_active(ana.user.id, false).await.unwrap();
    assert_eq!(whose(&new).await, None);
    let bound = stage.caller(|claims| claims.sub = "ben".to_owned()).await;
    let bound = Caller { reach: Reach::These(vec![MeetingId(1)]), ..bound };
    assert_eq!(stage.identity.calendar_secret(&bound).await.unwrap(), None);
    assert_eq!(stage.identity.new_calendar_secret(&bound).await.unwrap_err().code, Code::Forbidden);
}

#[tokio::test]
async fn a_token_is_worth_what_it_says_and_no_more() {
    let stage = stage();
    let bound = stage.caller(|claims| {
        claims.admin = true;
        claims.meetings = Some(vec![MeetingId(1)]);
    });
    let bound = bound.await;
    assert_eq!((bound.admin, bound.reach), (false, Reach::These(vec![MeetingId(1)])));
    let none = stage.caller(|claims| claims.scopes = Some(Default::default())).await;
    assert!(none.credential.scopes.is_some() && none.whole().is_err());
    let mail = async |verified| {
        let mine = |claims: &mut Claims| {
            claims.email = Some("Ana@Example.org".to_owned());
            claims.email_verified = verified;
        };
        let ana = stage.caller(mine).await;
        (ana.email, ana.user.email)
    };
    let address = Some("ana@example.org".to_owned());
    assert_eq!(mail(true).await, (address.clone(), address));
    assert_eq!(mail(false).await, (None, None), "what nobody verified is not kept");
    assert_eq!(stage.caller(|_| {}).await.user.kind, UserKind::Member);
}
