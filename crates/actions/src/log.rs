//! Actions on the log line of the stream.

use ir::config::Level;
use ir::spec::ActionArg;
use state::Stream;
use state::plan::{Args, Outcome};

use crate::row::{Action, sets};

pub const ROWS: &[Action] = &[Action::new(
    "set-log-level",
    sets::CONTENT | sets::TCP_RESPONSE | sets::HTTP,
    &[ActionArg::Str],
    "Sets the level of the log line, or `silent` for none",
    set_log_level,
)];

fn set_log_level(stream: &mut Stream, args: &Args) -> Outcome {
    stream.log_silent = args.str(0) == b"silent";
    stream.log_level = level(args.str(0));
    Outcome::Continue
}

fn level(name: &[u8]) -> Option<Level> {
    const LEVELS: [Level; 8] = [
        Level::Emerg,
        Level::Alert,
        Level::Crit,
        Level::Err,
        Level::Warning,
        Level::Notice,
        Level::Info,
        Level::Debug,
    ];
    let number = Level::NAMES.iter().position(|level| level.as_bytes() == name)?;
    Some(LEVELS[number])
}
