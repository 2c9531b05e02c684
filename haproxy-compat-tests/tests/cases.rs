//! Every `cases/<area>/<name>.vtc` as a test of its own, run by `varnishtest` on the proxy under test.
//! A filter picks some: `cargo test -p haproxy-compat-tests --test cases http2/`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use haproxy_compat_tests::{Only, Proxy, folder, run};
use libtest_mimic::{Arguments, Trial};

/// Seconds a case may take. None waits longer than 3 on an idle machine.
const LIMIT: u32 = 60;

fn main() -> ExitCode {
    let trials = Proxy::under_test().and_then(|proxy| trials(&proxy));
    match trials {
        Ok(trials) => libtest_mimic::run(&Arguments::from_args(), trials).exit_code(),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn trials(proxy: &Proxy) -> Result<Vec<Trial>, String> {
    let mut trials = Vec::new();
    for area in list(&folder("cases"))? {
        for case in list(&area)?.into_iter().filter(|path| path.extension().is_some_and(|it| it == "vtc")) {
            trials.push(trial(proxy, case)?);
        }
    }
    if trials.is_empty() { Err("no case found".to_owned()) } else { Ok(trials) }
}

fn trial(proxy: &Proxy, case: PathBuf) -> Result<Trial, String> {
    let name = case.strip_prefix(folder("cases")).unwrap_or(&case).with_extension("");
    let name = name.display().to_string();
    let text = fs::read_to_string(&case).map_err(|error| format!("{name}: {error}"))?;
    let only = Only::find(&text).map_err(|error| format!("{name}: {error}"))?;
    let excluded = only.filter(|only| !only.allows(proxy));
    let label = excluded.as_ref().map_or(name.clone(), |only| format!("{name} ({})", only.reason));
    let proxy = proxy.clone();
    let trial = Trial::test(label, move || {
        let (limit, path) = (LIMIT.to_string(), case.display().to_string());
        run(&proxy, LIMIT + 10, &["varnishtest", "-t", &limit, &path]).map_err(Into::into)
    });
    Ok(trial.with_ignored_flag(excluded.is_some()))
}

/// The entries of a folder, sorted.
fn list(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    Ok(paths)
}
