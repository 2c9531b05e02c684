//! Converters that are accepted but give no value yet.

use ir::spec::ArgType;
use ir::types::SampleType::{Bin, Sint};

use crate::checks;
use crate::row::Converter;

pub const ROWS: &[Converter] = &[
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
];
