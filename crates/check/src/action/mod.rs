//! Rules: an action of the registry, its arguments and its condition. What the rows' tables can
//! say is read in [`values`]; actions with a grammar of their own stand in files by family.

pub mod answers;
mod checks;
mod counters;
mod limits;
mod names;
mod slots;
mod times;
mod values;
pub mod variables;

use diag::Span;
use ir::expr::{ActionValue, Cond, Rule};
use ir::id::ActionId;
use ir::spec::{ActionSpec, RuleSet};
use syntax::Word;

pub use names::{find, listed, suggestion};
pub use values::keyword_of;

use crate::context::Context;
use crate::draft::Usage;
use crate::fail::{Checked, Fail};
use crate::line::{place, starts_condition};
use values::Values;

/// What a rule line says before its condition.
pub struct Action {
    pub id: ActionId,
    pub spec: &'static ActionSpec,
    pub args: Vec<ActionValue>,
    pub options: Vec<(usize, Vec<ActionValue>)>,
    /// How many words it took, its name included.
    pub taken: usize,
}

impl Action {
    pub fn into_rule(self, cond: Option<Cond>, span: Span) -> Rule {
        Rule { action: self.id, args: self.args, options: self.options, cond, place: place(span) }
    }

    /// Whether an option was given.
    pub fn has(&self, keyword: &str) -> bool {
        self.options.iter().any(|(index, _)| self.spec.options[*index].keyword == keyword)
    }

    /// The first value of an option.
    pub fn option(&self, keyword: &str) -> Option<&ActionValue> {
        let found = self.options.iter().rfind(|(index, _)| self.spec.options[*index].keyword == keyword);
        found.and_then(|(_, values)| values.first())
    }

    /// The rules behind it are never reached when it has no condition.
    pub fn ends_the_list(&self) -> bool {
        self.spec.is_final && !self.has("ignore-empty")
    }
}

/// Reads an action with its arguments; `words` begins with its name.
pub fn check(
    c: &mut Context<'_>,
    set: RuleSet,
    id: ActionId,
    spec: &'static ActionSpec,
    words: &[Word],
) -> Checked<Action> {
    c.within(Usage::Rule(set), |c| read(c, set, id, spec, words, false))
}

/// The same for a `redirect` line: its places are plain text, not log-formats.
pub fn check_plain(
    c: &mut Context<'_>,
    set: RuleSet,
    id: ActionId,
    spec: &'static ActionSpec,
    words: &[Word],
) -> Checked<Action> {
    c.within(Usage::Rule(set), |c| read(c, set, id, spec, words, true))
}

/// Reads an action of a check's steps; `None` when the first word names none.
pub fn check_step(c: &mut Context<'_>, words: &[Word]) -> Option<Checked<()>> {
    const NAMES: [&str; 3] = ["set-var-fmt", "set-var", "unset-var"];
    let first = words.first()?;
    let name = NAMES.iter().find(|name| first.text.starts_with(name.as_bytes()))?;
    let (_, spec) = c.registry.action(name.as_bytes(), RuleSet::HttpRequest)?;
    let mut values = Values { in_check: true, ..Values::new(RuleSet::HttpRequest, spec, words) };
    let read = variables::read(c, &mut values).map(drop);
    Some(read.map_err(|fail| fail.wrap(|text| format!("'{name}' : {text}"))))
}

/// The positional arguments and the options of an action, as its reader gives them.
type Given = (Vec<ActionValue>, Vec<(usize, Vec<ActionValue>)>);

fn read(
    c: &mut Context<'_>,
    set: RuleSet,
    id: ActionId,
    spec: &'static ActionSpec,
    words: &[Word],
    plain: bool,
) -> Checked<Action> {
    let Some(name) = words.first() else {
        return Err(Fail::new("missing-action", Span::default(), "missing action"));
    };
    if spec.support == ir::spec::Support::Parsed {
        c.warn_parsed(spec.name, name.span);
    }
    if spec.name == "attach-srv" && !c.experimental() {
        let text = format!(
            "parsing [{}] : 'attach-srv' action is experimental, must be allowed via a global \
             'expose-experimental-directives'",
            c.at(name.span)
        );
        return Err(Fail::new("experimental", name.span, text));
    }
    let mut values = Values { plain, ..Values::new(set, spec, words) };
    let given = match spec.name {
        "sc-inc-gpc" | "sc-inc-gpc0" | "sc-inc-gpc1" | "sc-add-gpc" | "sc-set-gpt" | "sc-set-gpt0" => {
            counters::change(c, &mut values)
        }
        "track-sc0" | "track-sc1" | "track-sc2" => counters::track(c, &mut values),
        "set-var" | "set-var-fmt" | "unset-var" => variables::read(c, &mut values),
        "do-resolve" => variables::resolve(c, &mut values),
        "capture" => slots::capture(c, &mut values),
        "pause" | "set-timeout" => times::read(c, &mut values),
        "set-bandwidth-limit" => limits::bandwidth(c, &mut values),
        "set-retries" => limits::retries(c, &mut values),
        "silent-drop" => limits::silent_drop(&mut values),
        "expect-proxy" | "expect-netscaler-cip" => values.layer4(c),
        _ => values.usual(c),
    };
    let (args, options) = given?;
    let mut action = Action { id, spec, args, options, taken: values.at };
    checks::finish(c, &mut action, words, set)?;
    if let Some(pending) = checks::pending(&action, set, name.span) {
        c.px.note(set, pending);
    }
    Ok(action)
}

/// The condition at the end of a line; the error names what stands there instead.
pub enum Tail {
    None,
    Cond(Cond),
    /// Neither `if` nor `unless`.
    Unexpected(Word),
}

/// Reads what follows an action.
pub fn tail(c: &mut Context<'_>, words: &[Word]) -> Checked<Tail> {
    match words.first() {
        None => Ok(Tail::None),
        Some(word) if starts_condition(word) => crate::cond::check(c, words).map(Tail::Cond),
        Some(word) => Ok(Tail::Unexpected(word.clone())),
    }
}
