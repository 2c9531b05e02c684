//! Converters that are accepted but give no value yet.

use ir::expr::MatchMethod;
use ir::spec::ArgType;
use ir::types::SampleType::{Addr, Any, Bin, Same, Sint, Str};

use crate::checks;
use crate::row::Converter;

pub const ROWS: &[Converter] = &[
    Converter::parsed("capture-req", Str, Str, "`capture-req`, see the manual").args(1, &[ArgType::Sint]),
    Converter::parsed("capture-res", Str, Str, "`capture-res`, see the manual").args(1, &[ArgType::Sint]),
    Converter::parsed("debug", Any, Same, "`debug`, see the manual").args(0, &[ArgType::Str, ArgType::Str]),
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
    Converter::parsed("when", Any, Any, "`when`, see the manual")
        .args(1, &[ArgType::Str, ArgType::Str, ArgType::Str])
        .check(checks::condition),
];
