//! Keys in JSON (JWK, RFC 7517 and 7518).

use bumpalo::Bump;
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey, EcPoint};
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private, Public};
use openssl::rsa::Rsa;
use samples::converters::base64;
use samples::json;

/// A key that decrypts.
pub enum WebKey {
    Secret(Vec<u8>),
    Rsa(PKey<Private>),
    /// Nothing where it is only a public one.
    Ec(Option<PKey<Private>>),
}

/// Whether a key in JSON is complete.
pub fn is_web_key(json: &[u8]) -> bool {
    WebKey::parse(json).is_some()
}

impl WebKey {
    pub fn parse(json: &[u8]) -> Option<Self> {
        let arena = Bump::new();
        Some(match json::text(json, b"$.kty", &arena)? {
            b"oct" => Self::Secret(field(json, b"$.k", &arena)?.to_vec()),
            b"RSA" => Self::Rsa(rsa(json, &arena)?),
            b"EC" => Self::Ec(Point::parse(json, &arena)?.private(json, &arena)?),
            _ => return None,
        })
    }
}

/// A public key of a curve.
pub fn public_ec(json: &[u8], arena: &Bump) -> Option<PKey<Public>> {
    Point::parse(json, arena)?.public().ok()
}

/// The bytes of a field in base64.
pub fn field<'a>(json: &[u8], path: &[u8], arena: &'a Bump) -> Option<&'a [u8]> {
    base64::decode_url(json::text(json, path, arena)?, arena)
}

fn number(json: &[u8], path: &[u8], arena: &Bump) -> Option<BigNum> {
    BigNum::from_slice(field(json, path, arena)?).ok()
}

fn rsa(json: &[u8], arena: &Bump) -> Option<PKey<Private>> {
    let number = |path: &[u8]| number(json, path, arena);
    let key = Rsa::from_private_components(
        number(b"$.n")?,
        number(b"$.e")?,
        number(b"$.d")?,
        number(b"$.p")?,
        number(b"$.q")?,
        number(b"$.dp")?,
        number(b"$.dq")?,
        number(b"$.qi")?,
    );
    PKey::from_rsa(key.ok()?).ok()
}

/// The public part of a key: a point of a curve.
struct Point {
    group: EcGroup,
    point: EcPoint,
}

impl Point {
    fn parse(json: &[u8], arena: &Bump) -> Option<Self> {
        let (x, y) = (number(json, b"$.x", arena)?, number(json, b"$.y", arena)?);
        let group = EcGroup::from_curve_name(curve(json::text(json, b"$.crv", arena)?)?).ok()?;
        let mut point = EcPoint::new(&group).ok()?;
        let mut context = BigNumContext::new().ok()?;
        // Fails where the point is not of the curve.
        point.set_affine_coordinates_gfp(&group, &x, &y, &mut context).ok()?;
        Some(Self { group, point })
    }

    fn public(&self) -> Result<PKey<Public>, ErrorStack> {
        PKey::from_ec_key(EcKey::from_public_key(&self.group, &self.point)?)
    }

    /// With its secret number; nothing inside where there is none.
    fn private(&self, json: &[u8], arena: &Bump) -> Option<Option<PKey<Private>>> {
        if json::text(json, b"$.d", arena).is_none() {
            return Some(None);
        }
        let number = number(json, b"$.d", arena)?;
        let key = EcKey::from_private_components(&self.group, &number, &self.point).ok()?;
        PKey::from_ec_key(key).ok().map(Some)
    }
}

/// A curve by its name.
fn curve(name: &[u8]) -> Option<Nid> {
    Some(match name {
        b"P-192" | b"prime192v1" => Nid::X9_62_PRIME192V1,
        b"P-224" | b"secp224r1" => Nid::SECP224R1,
        b"P-256" | b"prime256v1" => Nid::X9_62_PRIME256V1,
        b"P-384" | b"secp384r1" => Nid::SECP384R1,
        b"P-521" | b"secp521r1" => Nid::SECP521R1,
        b"secp256k1" => Nid::SECP256K1,
        b"brainpoolP256r1" => Nid::BRAINPOOL_P256R1,
        b"brainpoolP384r1" => Nid::BRAINPOOL_P384R1,
        b"brainpoolP512r1" => Nid::BRAINPOOL_P512R1,
        _ => return None,
    })
}
