//! The HTTPClient class of `core.httpclient()`: one request over a connection of its own, by
//! hyper.
//!
//! Left out: `https` URLs and retries. A response's body is bounded.

use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::{Method, Request, Uri};
use hyper_util::rt::TokioIo;
use mlua::{Lua, LuaString, Result, Table, Value};

use crate::shim::{Answer, Args, Functions, Results, Shims};
use crate::{socket, task};

/// `httpclient.timeout.connect`'s default.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the whole answer may take where the script gives no `timeout`.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// Bytes of a response's body.
const MAX_BODY: usize = 64 << 20;

/// What a script asks for.
struct Ask {
    method: Method,
    uri: Uri,
    headers: Vec<(Vec<u8>, Vec<u8>)>,
    body: Vec<u8>,
    /// Where to connect to, if not to the URL's host.
    target: socket::Target,
    timeout: Duration,
}

/// What came back.
struct Reply {
    status: u16,
    reason: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Bytes,
}

/// Adds `core.httpclient`.
pub(crate) fn install(lua: &Lua, shims: &Shims, core: &Functions<'_>) -> Result<()> {
    let functions = Functions::class(lua, shims)?;
    for (name, method) in [
        ("get", Method::GET),
        ("head", Method::HEAD),
        ("put", Method::PUT),
        ("post", Method::POST),
        ("delete", Method::DELETE),
    ] {
        functions.add_async(name, Results::One, move |lua, args| {
            let ask = read(&lua, &args, name, method.clone());
            async move {
                let ask = ask?;
                let timeout = ask.timeout;
                let reply = tokio::time::timeout(timeout, exchange(ask)).await;
                Ok(table(&lua, reply.ok().and_then(std::result::Result::ok))?)
            }
        })?;
    }
    let class = functions.into_class("HTTPClient")?;
    core.add("httpclient", Results::One, move |lua, _| {
        let object = lua.create_table()?;
        object.set_metatable(Some(class.clone()))?;
        Ok(object)
    })
}

fn read(lua: &Lua, args: &Args, name: &str, method: Method) -> Answer<Ask> {
    task::runtime()?;
    let table = args.table(1)?;
    let text = |key: &str| -> Answer<Option<LuaString>> {
        match table.get::<Value>(key)? {
            Value::Nil => Ok(None),
            value => Ok(lua.coerce_string(value)?),
        }
    };
    let url = text("url")?.ok_or_else(|| format!("'{name}' need a 'url' argument"))?;
    let uri: Uri = Uri::try_from(&*url.as_bytes()).map_err(|_| "couldn't start the httpclient")?;
    match uri.scheme_str() {
        Some("http") => {}
        Some("https") => return Err("https is not available in the httpclient yet".into()),
        _ => return Err("couldn't start the httpclient".into()),
    }
    let target = match text("dst")? {
        Some(dst) => socket::target(&dst.as_bytes(), None),
        None => {
            uri.host().and_then(|host| socket::target(host.as_bytes(), Some(uri.port_u16().unwrap_or(80))))
        }
    };
    let mut headers = Vec::new();
    if let Some(given) = table.get::<Option<Table>>("headers")? {
        for pair in given.pairs::<LuaString, Value>() {
            let (name, Value::Table(values)) = pair? else { continue };
            for value in values.sequence_values::<LuaString>() {
                headers.push((name.as_bytes().to_vec(), value?.as_bytes().to_vec()));
            }
        }
    }
    let timeout = table.get::<Option<u64>>("timeout")?.map_or(ANSWER_TIMEOUT, Duration::from_millis);
    let body = text("body")?.map_or(Vec::new(), |body| body.as_bytes().to_vec());
    let target = target.ok_or("couldn't start the httpclient")?;
    Ok(Ask { method, uri, headers, body, target, timeout })
}

type Failed = Box<dyn std::error::Error + Send + Sync>;

async fn exchange(ask: Ask) -> std::result::Result<Reply, Failed> {
    let request = request(&ask)?;
    let stream = tokio::time::timeout(CONNECT_TIMEOUT, socket::connect(ask.target)).await??.into_stream();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let result = async {
        let response = sender.send_request(request).await?;
        let (head, body) = response.into_parts();
        let reason = head.extensions.get::<hyper::ext::ReasonPhrase>();
        let reason = match reason {
            Some(reason) => String::from_utf8_lossy(reason.as_bytes()).into_owned(),
            None => head.status.canonical_reason().unwrap_or_default().to_owned(),
        };
        let headers = head.headers.iter();
        let headers = headers.map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()));
        let (status, headers) = (head.status.as_u16(), headers.collect());
        let body = Limited::new(body, MAX_BODY).collect().await?.to_bytes();
        Ok(Reply { status, reason, headers, body })
    }
    .await;
    connection.abort();
    result
}

/// The request as HAProxy sends it: the script's fields, then what they left out.
fn request(ask: &Ask) -> std::result::Result<Request<Full<Bytes>>, Failed> {
    let path = ask.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut builder = Request::builder().method(ask.method.clone()).uri(path);
    for (name, value) in &ask.headers {
        builder = builder.header(name.as_slice(), value.as_slice());
    }
    let missing =
        |name: &str| !ask.headers.iter().any(|(have, _)| have.eq_ignore_ascii_case(name.as_bytes()));
    let host = ask.uri.authority().map_or("", |authority| authority.as_str());
    for (name, value) in [("host", host), ("accept", "*/*"), ("user-agent", "HAProxy")] {
        if missing(name) {
            builder = builder.header(name, value);
        }
    }
    Ok(builder.body(Full::new(Bytes::from(ask.body.clone())))?)
}

/// The table that the script gets; status 0 where there was no answer.
fn table(lua: &Lua, reply: Option<Reply>) -> Result<Table> {
    let unavailable =
        || Reply { status: 0, reason: "Service Unavailable".into(), headers: Vec::new(), body: Bytes::new() };
    let reply = reply.unwrap_or_else(unavailable);
    let table = lua.create_table()?;
    table.raw_set("status", reply.status)?;
    table.raw_set("reason", reply.reason)?;
    table.raw_set("body", lua.create_string(&reply.body)?)?;
    let headers = lua.create_table()?;
    for (name, value) in reply.headers {
        let value = lua.create_string(value)?;
        match headers.raw_get::<Value>(name.as_str())? {
            Value::Table(values) => values.raw_set(values.raw_len() + 1, value)?,
            _ => {
                let values = lua.create_table()?;
                values.raw_set(0, value)?;
                headers.raw_set(name, values)?;
            }
        }
    }
    table.raw_set("headers", headers)?;
    Ok(table)
}
