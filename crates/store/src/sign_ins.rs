//! Wrong passwords in a row, by account and place: what locks a sign-in for a while, in all processes at once.
//!
//! ```text
//!   free ──wrong──► n wrong ──wrong (the limit)──► locked until ──(time)──► free again, counted from 1
//!     ▲                │                              │
//!     └──── right ─────┴──────── enabled ─────────────┘      a lock is never extended by who knocks during it
//! ```
//! Which places are counted together, and why, is in `docs/decisions/0006-locking-a-sign-in.md`.

use chrono::Duration;
use metricis_core::ids::UserId;
use sea_orm::FromQueryResult;
use sha2::{Digest, Sha256};

use crate::{Result, Snapshot, Tx, sql};

/// A sign-in from an address makes it known to the account for this long.
pub const ADDRESS_KNOWN_DAYS: i64 = 30;

/// Whose wrong passwords are counted together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInAccount(String);

impl SignInAccount {
    /// An account, from all places together that it has not signed in from.
    #[must_use]
    pub fn of(user: UserId) -> Self {
        Self(user.to_string())
    }

    /// An address that has no account: the same work is done for it, in one of a few rows, so that neither the time nor the table tells
    /// which addresses exist.
    #[must_use]
    pub fn unknown(email: &str) -> Self {
        Self(format!("unknown-{}", slot(&email.to_lowercase())))
    }

    /// The same account from one such place. Places share 256 rows: a stranger cannot fill the table with addresses.
    #[must_use]
    pub fn at(&self, address: &str) -> Self {
        Self(format!("{}@{}", self.0, slot(address)))
    }

    /// An account at an address that has signed in to it: a stranger's guesses elsewhere do not lock it there.
    #[must_use]
    pub fn of_address(user: UserId, address: &str) -> Self {
        Self(format!("{user}={}", digest(address)))
    }

    /// An account in a browser that has signed in to it before: nor do they there.
    #[must_use]
    pub fn of_browser(user: UserId, browser: &str) -> Self {
        Self(format!("{user}/{browser}"))
    }
}

fn slot(text: &str) -> String {
    hex::encode(&Sha256::digest(text.as_bytes())[..1])
}

fn digest(address: &str) -> String {
    hex::encode(&Sha256::digest(address.as_bytes())[..16])
}

/// When an account is locked, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct LockRule {
    /// Wrong passwords in a row.
    pub after: u32,
    /// Minutes.
    pub minutes: u32,
}

#[derive(FromQueryResult)]
struct Locked {
    locked: bool,
}

impl Snapshot {
    /// Whether `user` has signed in from `address` lately, since access to the account last changed.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn knows_address(&self, user: UserId, generation: i64, address: &str) -> Result<bool> {
        let text = "SELECT count(*) FROM known_addresses \
                    WHERE user_id = $1 AND address = $2 AND generation = $3 AND proven_at > $4";
        let since = self.now - Duration::days(ADDRESS_KNOWN_DAYS);
        Ok(self.count(text, sql::values![user.0, digest(address), generation, since]).await? > 0)
    }
}

impl Tx {
    /// Whether sign-in is locked at this moment. From here on the count is kept from others until the transaction ends – a count that was not
    /// there as well, so that even the first guesses at an account stand in line.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn sign_in_is_locked(&self, account: &SignInAccount) -> Result<bool> {
        let text = "INSERT INTO sign_in_failures AS f (account, failures, last_failed_at) VALUES ($1, 0, $2) \
                    ON CONFLICT (account) DO UPDATE SET failures = f.failures \
                    RETURNING locked_until IS NOT NULL AND locked_until > $2 AS locked";
        let row: Option<Locked> = self.one(text, sql::values![account.0.as_str(), self.now]).await?;
        Ok(row.is_some_and(|row| row.locked))
    }

    /// Counts a wrong password; the last that the rule allows locks. Says whether it is locked now. One statement, so that of many at once none is lost.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn count_wrong_password(&self, account: &SignInAccount, rule: LockRule) -> Result<bool> {
        let text = "INSERT INTO sign_in_failures AS f (account, failures, last_failed_at, locked_until) \
                    VALUES ($1, 1, $2, CASE WHEN $3 <= 1 THEN $4 END) \
                    ON CONFLICT (account) DO UPDATE SET last_failed_at = excluded.last_failed_at, \
                    failures = CASE WHEN f.locked_until IS NULL THEN f.failures + 1 ELSE 1 END, \
                    locked_until = CASE WHEN f.locked_until IS NULL AND f.failures + 1 >= $3 \
                    THEN $4 ELSE excluded.locked_until END \
                    WHERE f.locked_until IS NULL OR f.locked_until <= $2 \
                    RETURNING locked_until IS NOT NULL AS locked";
        let until = self.now + Duration::minutes(rule.minutes.into());
        let after = i32::try_from(rule.after).unwrap_or(i32::MAX);
        let counted: Option<Locked> = self.one(text, sql::values![account.0.as_str(), self.now, after, until]).await?;
        // No row: it is locked already.
        Ok(counted.is_none_or(|row| row.locked))
    }

    /// Forgets the wrong passwords of one count, and its lock.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn forget_wrong_passwords(&self, account: &SignInAccount) -> Result<()> {
        let text = "UPDATE sign_in_failures SET failures = 0, locked_until = NULL \
                    WHERE account = $1 AND (failures > 0 OR locked_until IS NOT NULL)";
        self.execute(text, sql::values![account.0.as_str()]).await?;
        Ok(())
    }

    /// Forgets every wrong password given for an account, from wherever, and every lock.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn unlock_sign_in(&self, user: UserId) -> Result<()> {
        // Each count of an account begins with its id, which has 36 characters.
        let text = "UPDATE sign_in_failures SET failures = 0, locked_until = NULL \
                    WHERE substr(account, 1, 36) = $1 AND (failures > 0 OR locked_until IS NOT NULL)";
        self.execute(text, sql::values![user.to_string()]).await?;
        Ok(())
    }

    /// Notes that `user` has signed in from `address`.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn know_address(&self, user: UserId, generation: i64, address: &str) -> Result<()> {
        let text = "INSERT INTO known_addresses (user_id, address, generation, proven_at) VALUES ($1, $2, $3, $4) \
                    ON CONFLICT (user_id, address) DO UPDATE SET generation = excluded.generation, \
                    proven_at = excluded.proven_at";
        self.execute(text, sql::values![user.0, digest(address), generation, self.now]).await?;
        Ok(())
    }
}
