//! What the rows of fetches and converters ask when they check the values of their arguments.

use crate::expr::{Arg, Var};

/// Checks the values of a call's arguments once their number and types are right, and may put
/// other values in their place. Arguments that were left out at the end are not there.
pub type ArgsCheck = fn(&mut dyn ArgFacts, &mut [Arg]) -> Result<(), String>;

/// What a check of arguments may ask of the configuration at hand.
pub trait ArgFacts {
    /// A variable with its scope, by its name in the configuration.
    ///
    /// # Errors
    /// What is wrong with the name.
    fn variable(&mut self, name: &[u8]) -> Result<Var, String>;

    /// Whether there is an ACL of that name; a predefined one is added to the section.
    fn has_acl(&mut self, name: &[u8]) -> bool;

    /// Whether the crypto library knows a digest of that name.
    fn has_digest(&self, name: &[u8]) -> bool;

    /// Keeps the public key of a file for tokens; false where the file holds none.
    fn keep_public_key(&mut self, path: &[u8]) -> bool;

    /// Lets tokens use a certificate, which is read when it is not known. When it cannot be, nothing
    /// happens.
    fn let_tokens_use(&mut self, certificate: &[u8]);

    /// Whether tokens may use a certificate; nothing where none has that name.
    fn may_tokens_use(&self, certificate: &[u8]) -> Option<bool>;

    /// Whether a key in JSON is complete.
    fn is_web_key(&self, json: &[u8]) -> bool;

    /// Says that something, as `log to a ring`, is accepted and does nothing yet.
    fn not_executed(&mut self, what: &'static str);

    /// Tells something that does not stop the check.
    fn warn(&mut self, text: &str);
}
