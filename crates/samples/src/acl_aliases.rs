//! ACL keywords that stand for a fetch with a matching method (manual, section 7.1.6).

use ir::expr::MatchMethod::{self, Beg, Bin, Dir, Dom, End, Int, Len, Reg, Str, Sub};
use ir::spec::AclAlias;

const fn row(name: &'static str, expr: &'static str, method: MatchMethod) -> AclAlias {
    AclAlias { name, expr, method }
}

pub const ROWS: &[AclAlias] = &[
    row("base", "base", Str),
    row("base_beg", "base", Beg),
    row("base_dir", "base", Dir),
    row("base_dom", "base", Dom),
    row("base_end", "base", End),
    row("base_len", "base", Len),
    row("base_reg", "base", Reg),
    row("base_sub", "base", Sub),
    row("cook", "req.cook", Str),
    row("cook_beg", "req.cook", Beg),
    row("cook_dir", "req.cook", Dir),
    row("cook_dom", "req.cook", Dom),
    row("cook_end", "req.cook", End),
    row("cook_len", "req.cook", Len),
    row("cook_reg", "req.cook", Reg),
    row("cook_sub", "req.cook", Sub),
    row("hdr", "req.hdr", Str),
    row("hdr_beg", "req.hdr", Beg),
    row("hdr_dir", "req.hdr", Dir),
    row("hdr_dom", "req.hdr", Dom),
    row("hdr_end", "req.hdr", End),
    row("hdr_len", "req.hdr", Len),
    row("hdr_reg", "req.hdr", Reg),
    row("hdr_sub", "req.hdr", Sub),
    row("http_auth_group", "http_auth_group", Str),
    row("method", "method", Str),
    row("path", "path", Str),
    row("path_beg", "path", Beg),
    row("path_dir", "path", Dir),
    row("path_dom", "path", Dom),
    row("path_end", "path", End),
    row("path_len", "path", Len),
    row("path_reg", "path", Reg),
    row("path_sub", "path", Sub),
    row("payload", "req.payload", Bin),
    row("payload_lv", "req.payload_lv", Bin),
    row("req.ssl_ver", "req.ssl_ver", Int),
    row("req_rdp_cookie", "req.rdp_cookie", Str),
    row("req_rdp_cookie_cnt", "req.rdp_cookie_cnt", Int),
    row("req_ssl_sni", "req.ssl_sni", Str),
    row("req_ssl_ver", "req.ssl_ver", Int),
    row("req_ver", "req.ver", Str),
    row("resp_ver", "res.ver", Str),
    row("scook", "res.cook", Str),
    row("scook_beg", "res.cook", Beg),
    row("scook_dir", "res.cook", Dir),
    row("scook_dom", "res.cook", Dom),
    row("scook_end", "res.cook", End),
    row("scook_len", "res.cook", Len),
    row("scook_reg", "res.cook", Reg),
    row("scook_sub", "res.cook", Sub),
    row("shdr", "res.hdr", Str),
    row("shdr_beg", "res.hdr", Beg),
    row("shdr_dir", "res.hdr", Dir),
    row("shdr_dom", "res.hdr", Dom),
    row("shdr_end", "res.hdr", End),
    row("shdr_len", "res.hdr", Len),
    row("shdr_reg", "res.hdr", Reg),
    row("shdr_sub", "res.hdr", Sub),
    row("ssl_fc_sni_end", "ssl_fc_sni", End),
    row("ssl_fc_sni_reg", "ssl_fc_sni", Reg),
    row("url", "url", Str),
    row("url_beg", "url", Beg),
    row("url_dir", "url", Dir),
    row("url_dom", "url", Dom),
    row("url_end", "url", End),
    row("url_len", "url", Len),
    row("url_reg", "url", Reg),
    row("url_sub", "url", Sub),
    row("urlp", "urlp", Str),
    row("urlp_beg", "urlp", Beg),
    row("urlp_dir", "urlp", Dir),
    row("urlp_dom", "urlp", Dom),
    row("urlp_end", "urlp", End),
    row("urlp_len", "urlp", Len),
    row("urlp_reg", "urlp", Reg),
    row("urlp_sub", "urlp", Sub),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fetches_exist() {
        for alias in ROWS {
            let exists = crate::fetches::rows().any(|row| row.spec.name == alias.expr);
            assert!(exists, "{} needs {}", alias.name, alias.expr);
        }
    }
}
