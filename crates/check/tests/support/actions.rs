//! The actions that tests write rules with.

use ir::spec::{ActionArg, ActionOption, ActionSpec, RuleSet, Support};

use ActionArg::{Expr, File, Fmt, Int, Regex, Service, Str, Time, Var};

const REQ: u16 = RuleSet::HttpRequest.bit();
const RES: u16 = RuleSet::HttpResponse.bit();
const AFT: u16 = RuleSet::HttpAfterResponse.bit();
const CON: u16 = RuleSet::TcpConnection.bit();
const SES: u16 = RuleSet::TcpSession.bit();
const CNT: u16 = RuleSet::TcpContent.bit();
const TRS: u16 = RuleSet::TcpResponse.bit();
const HTTP: u16 = REQ | RES | AFT;
const STREAM: u16 = CON | SES | CNT | TRS | HTTP;

const fn action(
    name: &'static str,
    sets: u16,
    args: &'static [ActionArg],
    options: &'static [ActionOption],
) -> ActionSpec {
    let (paren, is_final, unlisted, support) = (None, false, 0, Support::Full);
    ActionSpec { name, doc: "", sets, paren, args, options, is_final, unlisted, support }
}

const fn last(spec: ActionSpec) -> ActionSpec {
    ActionSpec { is_final: true, ..spec }
}

const fn named(spec: ActionSpec, paren: ActionArg) -> ActionSpec {
    ActionSpec { paren: Some(paren), ..spec }
}

const STATUS: ActionArg = Int(200, 599);
const BODY: &[ActionOption] = &[
    ActionOption::new("status", &[STATUS]),
    ActionOption::new("deny_status", &[STATUS]),
    ActionOption::new("content-type", &[Str]),
    ActionOption::new("string", &[Str]),
    ActionOption::new("lf-string", &[Fmt]),
    ActionOption::new("file", &[File]),
    ActionOption::new("lf-file", &[ActionArg::FmtFile]),
    ActionOption::new("errorfile", &[File]),
    ActionOption::new("default-errorfiles", &[]),
    ActionOption::new("errorfiles", &[Str]),
    ActionOption::new("hdr", &[Str, Fmt]),
];
const REDIRECT: &[ActionOption] = &[
    ActionOption::new("location", &[Fmt]),
    ActionOption::new("prefix", &[Fmt]),
    ActionOption::new("scheme", &[Fmt]),
    ActionOption::new("code", &[Int(0, i64::MAX)]),
    ActionOption::new("drop-query", &[]),
    ActionOption::new("keep-query", &[]),
    ActionOption::new("append-slash", &[]),
    ActionOption::new("ignore-empty", &[]),
    ActionOption::new("set-cookie", &[Str]),
    ActionOption::new("clear-cookie", &[Str]),
];
const TABLE: &[ActionOption] = &[ActionOption::new("table", &[Str])];

pub static ACTIONS: [ActionSpec; 57] = [
    last(action("accept", CON | SES | CNT | TRS, &[], &[])),
    last(action("reject", CON | SES | CNT | TRS | REQ, &[], &[])),
    last(action("close", TRS, &[], &[])),
    last(action("allow", HTTP, &[], &[])),
    last(action("deny", REQ | RES, &[], BODY)),
    last(action("tarpit", REQ, &[], BODY)),
    last(action("return", REQ | RES, &[], BODY)),
    last(action("redirect", REQ | RES, &[], REDIRECT)),
    last(action("auth", REQ, &[], &[ActionOption::new("realm", &[Str])])),
    last(action("silent-drop", CON | SES | CNT | TRS | REQ | RES, &[], &[])),
    last(action("use-service", REQ | CNT, &[Service], &[])),
    action("add-header", HTTP, &[Str, Fmt], &[]),
    action("set-header", HTTP, &[Str, Fmt], &[]),
    action("del-header", HTTP, &[Str], &[ActionOption::new("-m", &[Str])]),
    action("replace-header", HTTP, &[Str, Regex, Fmt], &[]),
    action("replace-value", HTTP, &[Str, Regex, Fmt], &[]),
    action("replace-path", REQ, &[Regex, Fmt], &[]),
    action("replace-pathq", REQ, &[Regex, Fmt], &[]),
    action("replace-uri", REQ, &[Regex, Fmt], &[]),
    action("set-method", REQ, &[Fmt], &[]),
    action("set-path", REQ, &[Fmt], &[]),
    action("set-pathq", REQ, &[Fmt], &[]),
    action("set-query", REQ, &[Fmt], &[]),
    action("set-uri", REQ, &[Fmt], &[]),
    action("set-status", RES | AFT, &[Int(100, 999)], &[ActionOption::new("reason", &[Str])]),
    action("set-log-level", CNT | TRS | HTTP, &[Str], &[]),
    action("set-src", CON | SES | CNT | REQ, &[Expr], &[]),
    action("set-dst", CON | SES | CNT | REQ, &[Expr], &[]),
    named(action("set-var", STREAM, &[Expr], &[]), Var),
    named(action("set-var-fmt", STREAM, &[Fmt], &[]), Var),
    named(action("unset-var", STREAM, &[], &[]), Var),
    named(action("set-map", HTTP, &[Fmt, Fmt], &[]), Str),
    named(action("del-map", HTTP, &[Fmt], &[]), Str),
    named(action("add-acl", REQ | RES, &[Fmt], &[]), Str),
    named(action("sc-inc-gpc0", STREAM, &[], &[]), Str),
    named(action("sc-inc-gpc", STREAM, &[], &[]), Str),
    named(action("sc-set-gpt0", STREAM, &[Str], &[]), Str),
    named(action("do-resolve", CNT | REQ, &[Expr], &[]), Str),
    action("track-sc0", CON | SES | CNT | REQ | RES, &[Expr], TABLE),
    action("track-sc1", CON | SES | CNT | REQ | RES, &[Expr], TABLE),
    action("track-sc2", CON | SES | CNT | REQ | RES, &[Expr], TABLE),
    action(
        "capture",
        CNT | HTTP,
        &[Expr],
        &[ActionOption::new("len", &[Int(0, 65535)]), ActionOption::new("id", &[Int(0, 65535)])],
    ),
    action("cache-use", REQ, &[Str], &[]),
    action("cache-store", RES, &[Str], &[]),
    action(
        "wait-for-body",
        REQ | RES,
        &[],
        &[ActionOption::new("time", &[Time]), ActionOption::new("at-least", &[ActionArg::Size])],
    ),
    action("disable-l7-retry", REQ, &[], &[]),
    action("expect-proxy", CON, &[Str], &[]),
    action("set-bandwidth-limit", CNT | TRS | REQ | RES, &[Str], &[]),
    action("send-spoe-group", CNT | TRS | REQ | RES, &[Str, Str], &[]),
    action("strict-mode", HTTP, &[Str], &[]),
    action("set-dst-port", CON | SES | CNT | REQ, &[Expr], &[]),
    action("set-src-port", CON | SES | CNT | REQ, &[Expr], &[]),
    named(action("sc-inc-gpc1", STREAM, &[], &[]), Str),
    named(action("sc-add-gpc", STREAM, &[Str], &[]), Str),
    named(action("del-acl", HTTP, &[Fmt], &[]), Str),
    action("normalize-uri", REQ, &[Str], &[ActionOption::new("full", &[]), ActionOption::new("strict", &[])]),
    action("set-timeout", REQ | RES, &[Str, ActionArg::TimeOrExpr], &[]),
];
