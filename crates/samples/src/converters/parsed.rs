//! Converters that are accepted but give no value yet.

use ir::expr::MatchMethod;
use ir::spec::ArgType;
use ir::types::SampleType::{Addr, Any, Bin, Bool, Same, Sint, Str};

use crate::checks;
use crate::row::Converter;

pub const ROWS: &[Converter] = &[
    Converter::parsed("add_item", Str, Str, "`add_item`, see the manual")
        .args(2, &[ArgType::Str, ArgType::Str, ArgType::Str])
        .check(checks::add_item),
    Converter::parsed("base2", Bin, Str, "`base2`, see the manual"),
    Converter::parsed("capture-req", Str, Str, "`capture-req`, see the manual").args(1, &[ArgType::Sint]),
    Converter::parsed("capture-res", Str, Str, "`capture-res`, see the manual").args(1, &[ArgType::Sint]),
    Converter::parsed("date", Str, Sint, "`date`, see the manual"),
    Converter::parsed("debug", Any, Same, "`debug`, see the manual").args(0, &[ArgType::Str, ArgType::Str]),
    Converter::parsed("eth.data", Bin, Bin, "`eth.data`, see the manual"),
    Converter::parsed("eth.dst", Bin, Bin, "`eth.dst`, see the manual"),
    Converter::parsed("eth.hdr", Bin, Bin, "`eth.hdr`, see the manual"),
    Converter::parsed("eth.proto", Bin, Sint, "`eth.proto`, see the manual"),
    Converter::parsed("eth.src", Bin, Bin, "`eth.src`, see the manual"),
    Converter::parsed("eth.vlan", Bin, Sint, "`eth.vlan`, see the manual"),
    Converter::parsed("fix_is_valid", Bin, Bool, "`fix_is_valid`, see the manual"),
    Converter::parsed("fix_tag_value", Bin, Bin, "`fix_tag_value`, see the manual")
        .args(1, &[ArgType::Str])
        .check(checks::fix_tag),
    Converter::parsed("ip.data", Bin, Bin, "`ip.data`, see the manual"),
    Converter::parsed("ip.df", Bin, Sint, "`ip.df`, see the manual"),
    Converter::parsed("ip.dst", Bin, Addr, "`ip.dst`, see the manual"),
    Converter::parsed("ip.fp", Bin, Bin, "`ip.fp`, see the manual").args(0, &[ArgType::Sint]),
    Converter::parsed("ip.hdr", Bin, Bin, "`ip.hdr`, see the manual"),
    Converter::parsed("ip.proto", Bin, Sint, "`ip.proto`, see the manual"),
    Converter::parsed("ip.src", Bin, Addr, "`ip.src`, see the manual"),
    Converter::parsed("ip.tos", Bin, Sint, "`ip.tos`, see the manual"),
    Converter::parsed("ip.ttl", Bin, Sint, "`ip.ttl`, see the manual"),
    Converter::parsed("ip.ver", Bin, Sint, "`ip.ver`, see the manual"),
    Converter::parsed("jwt_decrypt_cert", Bin, Bin, "`jwt_decrypt_cert`, see the manual")
        .args(1, &[ArgType::Str])
        .check(checks::jwt_certificate),
    Converter::parsed("jwt_decrypt_jwk", Bin, Bin, "`jwt_decrypt_jwk`, see the manual")
        .args(1, &[ArgType::Str])
        .check(checks::jwk),
    Converter::parsed("jwt_decrypt_secret", Bin, Bin, "`jwt_decrypt_secret`, see the manual")
        .args(1, &[ArgType::Str])
        .check(checks::jwt_secret),
    Converter::parsed("jwt_verify", Bin, Sint, "`jwt_verify`, see the manual")
        .args(2, &[ArgType::Str, ArgType::Str])
        .check(checks::jwt_verify),
    Converter::parsed("jwt_verify_cert", Bin, Sint, "`jwt_verify_cert`, see the manual")
        .args(2, &[ArgType::Str, ArgType::Str])
        .check(checks::jwt_verify_certificate),
    Converter::parsed("language", Str, Str, "`language`, see the manual")
        .args(1, &[ArgType::Str, ArgType::Str]),
    Converter::parsed("map_beg_key", Str, Str, "`map_beg_key`, see the manual")
        .args(1, &[ArgType::Map])
        .map(MatchMethod::Beg),
    Converter::parsed("map_dir_key", Str, Str, "`map_dir_key`, see the manual")
        .args(1, &[ArgType::Map])
        .map(MatchMethod::Dir),
    Converter::parsed("map_dom_key", Str, Str, "`map_dom_key`, see the manual")
        .args(1, &[ArgType::Map])
        .map(MatchMethod::Dom),
    Converter::parsed("map_end_key", Str, Str, "`map_end_key`, see the manual")
        .args(1, &[ArgType::Map])
        .map(MatchMethod::End),
    Converter::parsed("map_int_key", Sint, Str, "`map_int_key`, see the manual")
        .args(1, &[ArgType::Map])
        .map(MatchMethod::Int),
    Converter::parsed("map_ip_key", Addr, Str, "`map_ip_key`, see the manual")
        .args(1, &[ArgType::Map])
        .map(MatchMethod::Ip),
    Converter::parsed("map_reg_key", Str, Str, "`map_reg_key`, see the manual")
        .args(1, &[ArgType::Map])
        .map(MatchMethod::Reg),
    Converter::parsed("map_str_key", Str, Str, "`map_str_key`, see the manual")
        .args(1, &[ArgType::Map])
        .map(MatchMethod::Str),
    Converter::parsed("map_sub_key", Str, Str, "`map_sub_key`, see the manual")
        .args(1, &[ArgType::Map])
        .map(MatchMethod::Sub),
    Converter::parsed("mqtt_field_value", Bin, Str, "`mqtt_field_value`, see the manual")
        .args(2, &[ArgType::Str, ArgType::Str])
        .check(checks::mqtt_field),
    Converter::parsed("mqtt_is_valid", Bin, Bool, "`mqtt_is_valid`, see the manual"),
    Converter::parsed("param", Str, Str, "`param`, see the manual")
        .args(1, &[ArgType::Str, ArgType::Str])
        .check(checks::param_delimiter),
    Converter::parsed("protobuf", Bin, Bin, "`protobuf`, see the manual")
        .args(1, &[ArgType::PbField, ArgType::Str])
        .check(checks::protobuf_type),
    Converter::parsed("reverse_dom", Str, Str, "`reverse_dom`, see the manual"),
    Converter::parsed("rfc7239_field", Str, Str, "`rfc7239_field`, see the manual").args(1, &[ArgType::Str]),
    Converter::parsed("rfc7239_is_valid", Str, Bool, "`rfc7239_is_valid`, see the manual"),
    Converter::parsed("rfc7239_n2nn", Str, Any, "`rfc7239_n2nn`, see the manual"),
    Converter::parsed("rfc7239_n2np", Str, Any, "`rfc7239_n2np`, see the manual"),
    Converter::parsed("rfc7239_nn", Any, Str, "`rfc7239_nn`, see the manual"),
    Converter::parsed("rfc7239_np", Any, Str, "`rfc7239_np`, see the manual"),
    Converter::parsed("srv_is_up", Str, Bool, "`srv_is_up`, see the manual"),
    Converter::parsed("srv_queue", Str, Sint, "`srv_queue`, see the manual"),
    Converter::parsed("tcp.dst", Bin, Sint, "`tcp.dst`, see the manual"),
    Converter::parsed("tcp.flags", Bin, Sint, "`tcp.flags`, see the manual"),
    Converter::parsed("tcp.options.mss", Bin, Sint, "`tcp.options.mss`, see the manual"),
    Converter::parsed("tcp.options.sack", Bin, Sint, "`tcp.options.sack`, see the manual"),
    Converter::parsed("tcp.options.tsopt", Bin, Sint, "`tcp.options.tsopt`, see the manual"),
    Converter::parsed("tcp.options.tsval", Bin, Sint, "`tcp.options.tsval`, see the manual"),
    Converter::parsed("tcp.options.wscale", Bin, Sint, "`tcp.options.wscale`, see the manual"),
    Converter::parsed("tcp.options.wsopt", Bin, Sint, "`tcp.options.wsopt`, see the manual"),
    Converter::parsed("tcp.options_list", Bin, Bin, "`tcp.options_list`, see the manual"),
    Converter::parsed("tcp.seq", Bin, Sint, "`tcp.seq`, see the manual"),
    Converter::parsed("tcp.src", Bin, Sint, "`tcp.src`, see the manual"),
    Converter::parsed("tcp.win", Bin, Sint, "`tcp.win`, see the manual"),
    Converter::parsed("ungrpc", Bin, Bin, "`ungrpc`, see the manual")
        .args(1, &[ArgType::PbField, ArgType::Str])
        .check(checks::protobuf_type),
    Converter::parsed("when", Any, Any, "`when`, see the manual")
        .args(1, &[ArgType::Str, ArgType::Str, ArgType::Str])
        .check(checks::condition),
    Converter::parsed("xxh3", Bin, Sint, "`xxh3`, see the manual").args(0, &[ArgType::Sint]),
    Converter::parsed("xxh32", Bin, Sint, "`xxh32`, see the manual").args(0, &[ArgType::Sint]),
    Converter::parsed("xxh64", Bin, Sint, "`xxh64`, see the manual").args(0, &[ArgType::Sint]),
];
