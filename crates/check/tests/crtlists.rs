//! crt-lists: what HAProxy 3.5 says of lines, in lists of their own.

mod support;

use diag::SourceMap;
use support::World;

const PEM: &str = "-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n";
const NO_KEY: &str = "-----BEGIN CERTIFICATE-----\n";
const KEY: &str = "-----BEGIN PRIVATE KEY-----\n";

/// What is told about a list, without what stands in front of each message.
fn told(list: &str, files: &[(&str, &str)]) -> String {
    let text = "global\n ocsp-update.mode off\nfrontend f\n mode http\n timeout client 1s\n \
                bind :443 ssl crt-list l\n";
    let mut sources = SourceMap::new();
    sources.add("c", text);
    let mut world = World::with(files);
    world.files.insert(b"l".to_vec(), list.as_bytes().to_vec());
    let mut outcome = check::check(&mut support::registry(), &mut world, &sources);
    outcome.reading.retain(|diagnostic| diagnostic.code != check::NOT_EXECUTED);
    let all = support::told(&outcome, &sources);
    let text = all.split("config : Error(s)").next().unwrap_or_default();
    let text = text.trim_end_matches(|last| last != '\n').trim_end();
    let lead = "config : parsing [c:6] : 'bind :443' in section 'frontend' : ";
    text.replace(lead, "").replace("config : parsing [c:6]: ", "").replace("[ALERT]    ", "")
}

fn check(list: &str, expected: &str) {
    let files = [
        ("a.pem", PEM),
        ("b.pem", PEM),
        ("nokey.pem", NO_KEY),
        ("a.key", KEY),
        ("two.pem.rsa", PEM),
        ("sct.pem", PEM),
        ("sct.pem.sctl", "\0\x04abcd"),
        ("oc.pem", PEM),
        ("oc.pem.ocsp", "x"),
    ];
    assert_eq!(told(list, &files), expected, "{list:?}");
}

#[test]
fn lines() {
    check("a.pem\n", "");
    check("a.pem\r\n\r\n# comment\n\n  b.pem [alpn h2]x y\n", "");
    check(
        "a.pem",
        "'crt-list' : parsing [l:1]: Missing LF on last line, file might have been truncated at position 6.",
    );
    check("a.pem \0\nb.pem\n", "'crt-list' : parsing [l:1]: Stray NUL character at position 7.");
    check("a.pem ]\n", "'crt-list' : parsing [l:1]: missing '['");
    check("a.pem [alpn h2] [\n", "'crt-list' : parsing [l:1]: too many '['");
    check("[alpn h2] a.pem\n", "'crt-list' : parsing [l:1]: file must start with a cert");
    check(
        "a.pem x [alpn h2]\n",
        "[WARNING]  'crt-list' : parsing [l:1]: malformated line, filters can't be between filename and options!",
    );
}

#[test]
fn options() {
    check("a.pem [alpn h2 allow-0rtt verify none]\n", "");
    check("a.pem [foo]\n", "'crt-list' : parsing [l:1]: unknown ssl keyword foo");
    check("a.pem [alpn]\n", "'crt-list' : parsing [l:1]: ssl args out of '[]' for alpn");
    check("a.pem [ssl-min-ver x]\n", "'crt-list' : 'x' : unknown ssl/tls version");
    check(
        "a.pem\nb.pem [jwt x]\n",
        "'crt-list' : parsing [l:2] : cannot parse 'jwt' value 'x', 'on' or 'off' is expected.",
    );
    check("a.pem [key a.key key a.key]\n", "[WARNING]  'crt-list' : 'key' already specified, overwriting.");
    check("a.pem [key none]\n", "'crt-list' :  'none' cannot be read or parsed.");
    check("nokey.pem [key a.key]\n", "");
}

#[test]
fn certificates() {
    check(
        "none.pem\n",
        "'crt-list' : unable to stat SSL certificate from file 'none.pem' : No such file or directory.",
    );
    check("two.pem\n", "");
    check(
        "b.pem\nnokey.pem\n",
        "\n  'crt-list' : error processing line 2 in file 'l' : No Private Key found in 'nokey.pem.key'.\n  \
         unable to load SSL private key into SSL Context 'nokey.pem': passed a null parameter.",
    );
    check(
        "a.pem\na.pem [ocsp-update on]\n",
        "\n  'crt-list' : 'a.pem' in crt-list 'l' line 2, is already defined with incompatible parameters:\n   \
         Can't use the certificate previously defined without any keyword with these keywords:\n  \
         - different parameter 'ocsp-update' : previously 'default' (ocsp-update.mode off) vs 'on'",
    );
}

#[test]
fn what_lies_beside() {
    check(
        "b.pem\nsct.pem\n",
        "\n  'crt-list' : error processing line 2 in file 'l' :  'sct.pem.sctl.sctl' is present but cannot be read or \
         parsed'.\n  unable to load SSL private key into SSL Context 'sct.pem': passed a null parameter.",
    );
    check(
        "oc.pem\n",
        "[WARNING]  'crt-list' :  'oc.pem.ocsp' is present and activates OCSP but it is impossible to compute the OCSP \
         certificate ID (maybe the issuer could not be found)'.",
    );
    check(
        "a.pem [key nokey.pem]\n",
        "\n  'crt-list' : unable to load private key from file 'nokey.pem' (error:1E08010C:DECODER \
         routines::unsupported).\n   'nokey.pem' cannot be read or parsed.",
    );
    check(
        "a.pem [ocsp none]\n",
        "'crt-list' : Error opening OCSP response file 'none' cannot be read or parsed.",
    );
    check(
        "a.pem [verify x jwt on foo]\n",
        "'crt-list' : 'verify' : unknown verify method 'x', only 'none', 'optional', and 'required' are supported",
    );
}

#[test]
fn long_filters() {
    check(&format!("a.pem {}\n", "x".repeat(16383)), "");
    check(
        &format!("b.pem\na.pem *{} !y\n", "x".repeat(16384)),
        "'crt-list' : error processing line 2 in file 'l' : unable to create a sni context.",
    );
}

#[test]
fn filters() {
    check("a.pem *.x !y.x\n", "");
    check("a.pem !*\n", "");
    check("a.pem !*.x\n", "[WARNING]  crt-list: Unsupported exclusion (!) on a wildcard filter \"!*.x\"");
    check(
        "a.pem x !y.x\n",
        "[WARNING]  crt-list: negative filters on crt-list line \"a.pem\" without a positive wildcard filter won't \
         do anything!",
    );
}
