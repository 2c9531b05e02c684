//! Log-profiles in their runnable form (manual, section 12.6): formats and tags that a `log` line or
//! `do-log` puts in place of the frontend's, by the step that logs.

use ir::config::{Config, LogOrigin};
use ir::id::LogProfileId;

use super::Format;

/// See the module.
#[derive(Debug)]
pub struct LogProfile {
    pub tag: Option<Box<[u8]>>,
    steps: Box<[LogStep]>,
    /// Which of the steps is about each origin.
    by_origin: [Option<usize>; LogOrigin::COUNT],
}

/// What a step changes.
#[derive(Debug)]
pub struct LogStep {
    /// Nothing is sent.
    pub drop: bool,
    pub format: Option<Format>,
    /// The structured data of RFC 5424.
    pub sd: Option<Format>,
}

impl LogProfile {
    /// `steps` with their names, of which `any` stands for what has none of its own.
    pub fn new(tag: Option<&[u8]>, steps: Vec<(&[u8], LogStep)>) -> Self {
        let (names, steps): (Vec<_>, Vec<_>) = steps.into_iter().unzip();
        let named = |name: &str| names.iter().position(|have| *have == name.as_bytes());
        let by_origin = LogOrigin::ALL.map(|origin| named(origin.step()).or_else(|| named("any")));
        Self { tag: tag.map(Into::into), steps: steps.into(), by_origin }
    }

    pub fn step(&self, origin: LogOrigin) -> Option<&LogStep> {
        self.by_origin[origin as usize].map(|at| &self.steps[at])
    }
}

/// The log-profile of a name.
pub(super) fn profile_named(config: &Config, name: &[u8]) -> Option<LogProfileId> {
    let at = config.log_profiles.iter().position(|profile| profile.name == name)?;
    u32::try_from(at).ok().map(LogProfileId)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_of_origins() {
        let check = |names: &[&str], origin: LogOrigin, expected: Option<usize>| {
            let step = |_| LogStep { drop: false, format: None, sd: None };
            let steps = names.iter().map(|name| (name.as_bytes(), step(()))).collect();
            assert_eq!(LogProfile::new(None, steps).by_origin[origin as usize], expected, "{names:?}");
        };
        check(&["close", "any"], LogOrigin::Close, Some(0));
        check(&["close", "any"], LogOrigin::Accept, Some(1));
        check(&["close"], LogOrigin::Accept, None);
        check(&["any", "error"], LogOrigin::SessionKilled, Some(1));
        check(&["tcp-req-conn", "any"], LogOrigin::TcpConnection, Some(0));
        check(&["tcp-req-conn", "any"], LogOrigin::HttpRequest, Some(1));
    }
}
