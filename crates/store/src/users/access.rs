//! Who may come in: accounts are disabled, never deleted, and whatever ends a credential moves the account's generation on, so that
//! every token and session issued before is over with the commit.

use metricis_core::ids::UserId;
use secrecy::{ExposeSecret, SecretString};

use crate::{Result, Tx, sql};

impl Tx {
    /// Disables an account and ends its tokens and sessions. Says whether it was enabled.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn disable_user(&self, user: UserId) -> Result<bool> {
        let text = "UPDATE users SET disabled_at = $2, token_generation = token_generation + 1 \
                    WHERE id = $1 AND disabled_at IS NULL";
        Ok(self.execute(text, sql::values![user.0, self.now]).await? > 0)
    }

    /// Enables an account; what was issued before it was disabled stays over. Says whether it was disabled.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn enable_user(&self, user: UserId) -> Result<bool> {
        let text = "UPDATE users SET disabled_at = NULL WHERE id = $1 AND disabled_at IS NOT NULL";
        Ok(self.execute(text, sql::values![user.0]).await? > 0)
    }

    /// Sets a password (Argon2id, in PHC form) and ends the account's tokens and sessions.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn set_password(&self, user: UserId, hash: &SecretString) -> Result<()> {
        let text = "UPDATE users SET password_hash = $2, token_generation = token_generation + 1 WHERE id = $1";
        self.execute(text, sql::values![user.0, hash.expose_secret()]).await?;
        Ok(())
    }

    /// Ends every token and session of an account.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn revoke_tokens(&self, user: UserId) -> Result<()> {
        self.execute("UPDATE users SET token_generation = token_generation + 1 WHERE id = $1", sql::values![user.0])
            .await?;
        Ok(())
    }
}
