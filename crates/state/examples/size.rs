fn main() {
    use std::mem::size_of as s;
    println!(
        "Proxy {} Server {} Options {} Timeouts {} LogFormat {} Expr {} Rule {} Address {} Tls {} Acl {} AclTest {} ActionValue {}",
        s::<ir::config::Proxy>(),
        s::<ir::config::Server>(),
        s::<ir::config::Options>(),
        s::<ir::config::Timeouts>(),
        s::<ir::expr::LogFormat>(),
        s::<ir::expr::Expr>(),
        s::<ir::expr::Rule>(),
        s::<ir::expr::Address>(),
        s::<ir::config::TlsServer>(),
        s::<ir::expr::Acl>(),
        s::<ir::expr::AclTest>(),
        s::<ir::expr::ActionValue>()
    );
    println!(
        "ProxyPlan {} LiveProxy {} LiveServer {} Balance {} plan Rule {} Matcher {} Acl {}",
        s::<state::plan::ProxyPlan>(),
        s::<state::live::LiveProxy>(),
        s::<state::live::LiveServer>(),
        s::<state::balance::Balance>(),
        s::<state::plan::Rule>(),
        s::<state::plan::Matcher>(),
        s::<state::plan::Acl>()
    );
}
