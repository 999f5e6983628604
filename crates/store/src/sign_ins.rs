//! Wrong passwords in a row, per account: what locks a sign-in for a while, in all processes at once.
//!
//! ```text
//!   free ──wrong──► n wrong ──wrong (the limit)──► locked until ──(time)──► free again, counted from 1
//!     ▲                │                              │
//!     └──── right ─────┴──────── enabled ─────────────┘      a lock is never extended by who knocks during it
//! ```

use chrono::Duration;
use metricis_core::ids::UserId;
use sea_orm::FromQueryResult;
use sha2::{Digest, Sha256};

use crate::{Result, Tx, sql};

/// Whose wrong passwords are counted together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInAccount(String);

impl SignInAccount {
    /// An account, whoever asks.
    #[must_use]
    pub fn of(user: UserId) -> Self {
        Self(user.to_string())
    }

    /// An account in a browser that has signed in to it before: a stranger's guesses do not lock it there.
    #[must_use]
    pub fn of_browser(user: UserId, browser: &str) -> Self {
        Self(format!("{user}/{browser}"))
    }

    /// An address that has no account: the same work is done for it, in one of a few rows, so that neither the time nor the table tells
    /// which addresses exist.
    #[must_use]
    pub fn unknown(email: &str) -> Self {
        let bucket = Sha256::digest(email.to_lowercase().as_bytes());
        Self(format!("unknown-{}", hex::encode(&bucket[..1])))
    }
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

impl Tx {
    /// Whether sign-in is locked at this moment.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn sign_in_is_locked(&self, account: &SignInAccount) -> Result<bool> {
        let text = format!(
            "SELECT locked_until IS NOT NULL AND locked_until > $2 AS locked FROM sign_in_failures WHERE account = $1{}",
            self.dialect.for_update()
        );
        let row: Option<Locked> = self.one(&text, sql::values![account.0.as_str(), self.now]).await?;
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

    /// Forgets the wrong passwords of an account, and its lock.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn forget_wrong_passwords(&self, account: &SignInAccount) -> Result<()> {
        let text = "UPDATE sign_in_failures SET failures = 0, locked_until = NULL \
                    WHERE account = $1 AND (failures > 0 OR locked_until IS NOT NULL)";
        self.execute(text, sql::values![account.0.as_str()]).await?;
        Ok(())
    }
}
