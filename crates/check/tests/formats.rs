//! What the flags of a log-format come to on each of its items, by the place where it stands.

mod support;

use ir::config::Proxy;
use ir::expr::{ActionValue, Encoding, FormatCast, FormatFlags, FormatNode, LogFormat};
use ir::spec::RuleSet;
use support::World;

/// A frontend with one line, whose format is put in the place of `#`.
fn proxy(line: &str, format: &str) -> Proxy {
    let text =
        format!("frontend f\n mode http\n bind :1\n timeout client 1s\n {}\n", line.replace('#', format));
    let (outcome, sources) = support::run(&mut World::default(), &text);
    assert!(outcome.is_usable(), "{text}\n{}", support::told(&outcome, &sources));
    outcome.config.proxies.into_iter().next_back().expect("proxy")
}

fn flags(flags: FormatFlags) -> String {
    let FormatFlags { quote, hex, escape, mandatory, encoding, binary, http, cast } = flags;
    let mut out = String::new();
    for (is_set, name) in
        [(quote, "Q"), (hex, "X"), (escape, "E"), (mandatory, "M"), (binary, "B"), (http, "H")]
    {
        out.push_str(if is_set { name } else { "" });
    }
    out.push_str(match encoding {
        None => "",
        Some(Encoding::Json) => "j",
        Some(Encoding::Cbor) => "c",
    });
    out.push_str(match cast {
        None => "",
        Some(FormatCast::Str) => ":str",
        Some(FormatCast::Sint) => ":sint",
        Some(FormatCast::Bool) => ":bool",
        Some(FormatCast::Raw) => ":raw",
    });
    out
}

/// The encoding of the whole, and each item with its flags.
fn shown(format: &LogFormat) -> String {
    let whole = FormatFlags { encoding: format.encoding, binary: format.binary, ..FormatFlags::default() };
    let node = |node: &FormatNode| match node {
        FormatNode::Text(text) => format!("'{}'", String::from_utf8_lossy(text)),
        FormatNode::Space => "_".to_owned(),
        FormatNode::Alias { name, key, flags: of } => {
            format!("{}{name}/{}", String::from_utf8_lossy(key), flags(*of))
        }
        FormatNode::Expr { expr, key, flags: of } => {
            let text = String::from_utf8_lossy(&expr.text);
            format!("{}[{text}]/{}", String::from_utf8_lossy(key), flags(*of))
        }
    };
    let nodes: Vec<String> = format.nodes.iter().map(node).collect();
    format!("{}{{{}}}", flags(whole), nodes.join(" "))
}

fn log(format: &str, expected: &str) {
    let proxy = proxy("log 127.0.0.1 local0\n log-format '#'", format);
    assert_eq!(shown(&proxy.log_format), expected, "{format}");
}

#[test]
fn log_lines() {
    log("%ci  %cp x%%", "{ci/M _ cp/M _ 'x%'}");
    log("%{-M}ci %{+Q,+X}cp %{+E}[src]", "{ci/ _ cp/QXM _ [src]/EM}");
    log("%{+Q}o %ci %{-Q}cp %{+X}o%fi", "{_ ci/QM _ cp/M _ fi/QXM}");
    log("%{+none}ci %{Q}cp %{+Q+X}fi", "{ci/M _ cp/M _ fi/XM}");
    log("%(a)ci %(b:sint)cp %(:bool)ST", "{aci/M _ bcp/M:sint _ ST/M:bool}");
}

#[test]
fn encodings() {
    log("%{+json}o %(a)ci %cp", "j{_ aci/Mj _ cp/Mj}");
    log("%{+json}ci %{+cbor}[src] %cp", "{ci/Mj _ [src]/Mc _ cp/M}");
    log("%{+json,+cbor}ci %{+json,-json,+cbor}cp", "{ci/Mj _ cp/Mc}");
    // No item leaves an encoding of the whole, nor escapes beside one.
    log("%{+json,+E}o %{-json}ci %{+cbor}cp", "j{_ ci/Mj _ cp/Mj}");
    log("%{+E}o %{+json}ci %cp", "{_ ci/Mj _ cp/EM}");
    // Of several `%o`, what they have in common.
    log("%{+json}o %ci %{-json}o %cp", "{_ ci/Mj _ _ cp/M}");
    log("%{+json}o %ci %{+Q}o %cp", "j{_ ci/Mj _ _ cp/QMj}");
    // Only the whole can be binary.
    log("%{+bin}[src] %{+cbor,+bin}o %cp", "Bc{[src]/MBc _ _ cp/MBc}");
    log("%{+bin}o %{-bin}[src]", "B{_ [src]/MB}");
}

#[test]
fn places() {
    let rule = |line: &str, format: &str, expected: &str| {
        let proxy = proxy(line, format);
        let rules = &proxy.rules[RuleSet::HttpRequest as usize];
        let values = rules[0].args.iter().chain(rules[0].options.iter().flat_map(|(_, values)| values));
        let formats = values.filter_map(|value| match value {
            ActionValue::Fmt(format) => Some(shown(format)),
            _ => None,
        });
        assert_eq!(formats.collect::<Vec<_>>(), [expected], "{line} {format}");
    };
    let format = "a  %[src] %{+json}ci %{+M}o%cp";
    let of_header = "{'a  ' [src]/H ' ' ci/H ' ' cp/MH}";
    let of_value = "{'a  ' [src]/ ' ' ci/j ' ' cp/M}";
    rule("http-request set-header a \"#\"", format, of_header);
    rule("http-request set-path \"#\"", format, of_header);
    rule("http-request return hdr a \"#\"", format, of_header);
    rule("http-request redirect location \"#\"", format, of_header);
    rule("http-request return content-type a lf-string \"#\"", format, of_value);
    rule("http-request set-var-fmt(txn.a) \"#\"", format, of_value);
    rule("http-request set-header a \"#\"", "%{+json}o %(a)ci", "{' ' aci/H}");
    let id = proxy("unique-id-format '#'", "a  %[src] ").unique_id_format.expect("format");
    assert_eq!(shown(&id), "{'a' _ [src]/H _}");
}
