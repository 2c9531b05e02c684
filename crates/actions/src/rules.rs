//! The evaluator of rule lists. It keeps its place outside, so that a list in which a rule has
//! to wait is resumed where it stood.

use ir::id::ProxyId;
use ir::spec::RuleSet;
use state::Stream;
use state::plan::{ActionFn, Answer, Outcome, Rule};
use state::stream::Waits;

use crate::flow::early_hint;

/// Whether a rule is an `early-hint` without a condition.
fn is_hint(rule: &Rule) -> bool {
    rule.cond.is_none() && std::ptr::fn_addr_eq(rule.run, early_hint as ActionFn)
}

/// Runs the rules of `set` of `proxy` from the one at `at`, until one says something else than
/// [`Outcome::Continue`].
///
/// `at` is then behind that rule, but for the outcomes whose rule is not done: on
/// [`Outcome::NotYet`], [`Outcome::WaitForBody`], [`Outcome::Resolve`] and [`Outcome::Lua`] it is
/// still the rule's. The first two are to be run again when there is more data, or to be skipped by
/// the caller when there will be none; the others are skipped by the caller when they have run. Where a
/// condition is undecided, the whole list is to be run again, as HAProxy does it.
pub fn run(stream: &mut Stream, proxy: ProxyId, set: RuleSet, at: &mut usize) -> Outcome {
    stream.phase = set;
    stream.rules_of = proxy;
    stream.waiting = None;
    if *at == 0 {
        stream.soft_rewrites = false;
    }
    let rules = &stream.plan.proxy(proxy).rules[set as usize];
    while let Some(rule) = rules.get(*at) {
        match rule.cond.as_ref().map_or(Answer::Yes, |cond| cond.eval(stream)) {
            Answer::Yes => match (rule.run)(stream, &rule.args) {
                Outcome::Continue => {}
                // All hints that follow at once are one message.
                Outcome::Hint if rules.get(*at + 1).is_some_and(is_hint) => {}
                outcome @ (Outcome::NotYet
                | Outcome::WaitForBody(..)
                | Outcome::Resolve
                | Outcome::Lua(_)) => {
                    stream.waiting = Some(Waits::Rule(rule.place));
                    return outcome;
                }
                outcome => {
                    *at += 1;
                    match outcome {
                        Outcome::Pause(_) => stream.waiting = Some(Waits::Rule(rule.place)),
                        // The next rule follows.
                        Outcome::Log(_) | Outcome::Hint => {}
                        // Nothing of a stream is there yet.
                        _ if matches!(set, RuleSet::TcpConnection | RuleSet::TcpSession) => {}
                        _ => stream.last_rule = Some(rule.place),
                    }
                    return outcome;
                }
            },
            Answer::No => {}
            // Once more data is there, the rules before may see it too.
            Answer::NotYet => {
                *at = 0;
                return Outcome::NotYet;
            }
        }
        *at += 1;
    }
    Outcome::Continue
}
