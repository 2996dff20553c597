//! One way to say `{"type": "…", "data": {…}}`: the macro behind commands, events and signals.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{self, DeserializeOwned, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// Why a message's `data` could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParseError {
    /// No message of that `type`.
    UnknownType,
    /// `data` does not fit the type.
    Invalid {
        /// The field concerned, as a path; empty for `data` itself.
        field: String,
        /// What is wrong with it.
        message: String,
    },
}

/// Reads `data`, naming the field that is wrong.
pub(crate) fn parse_data<T: DeserializeOwned>(data: &RawValue) -> Result<T, ParseError> {
    // Left to itself, serde takes the fields of a struct from an array too, by their position.
    if !data.get().starts_with('{') {
        let message = "expected an object".to_owned();
        return Err(ParseError::Invalid { field: String::new(), message });
    }
    // Keeping track of the path costs more than reading, and is of use only when reading fails.
    serde_json::from_str(data.get()).or_else(|_| parse_data_with_path(data))
}

fn parse_data_with_path<T: DeserializeOwned>(data: &RawValue) -> Result<T, ParseError> {
    let deserializer = &mut serde_json::Deserializer::from_str(data.get());
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let mut field = error.path().to_string().trim_start_matches('.').to_owned();
        let message = error.into_inner().to_string();
        // serde names a missing, unknown or repeated field only in its sentence.
        let named = ["missing field `", "unknown field `", "duplicate field `"]
            .iter()
            .find_map(|start| message.strip_prefix(start)?.split('`').next());
        if let Some(name) = named
            && !field.ends_with(name)
        {
            if !field.is_empty() {
                field.push('.');
            }
            field.push_str(name);
        }
        // The position counts from the start of `data`, which helps nobody.
        let message = message.split(" at line ").next().unwrap_or_default().to_owned();
        ParseError::Invalid { field, message }
    })
}

/// Reads a whole JSON text, naming the field that is wrong.
///
/// # Errors
/// None inside when it is not JSON at all.
pub fn parse_json<T: DeserializeOwned>(text: &str) -> Result<T, Option<ParseError>> {
    let data: &RawValue = serde_json::from_str(text).map_err(|_| None)?;
    let parsed = parse_data(data).map_err(Some)?;
    // Whatever reads a map takes the last of several fields of one name.
    parse_data::<Distinct>(data).map_err(Some)?;
    Ok(parsed)
}

/// Any JSON whose objects have no field twice.
struct Distinct;

impl<'de> Deserialize<'de> for Distinct {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Distinct, D::Error> {
        from.deserialize_any(Distinct)
    }
}

impl<'de> Visitor<'de> for Distinct {
    type Value = Distinct;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Distinct, A::Error> {
        let mut names = BTreeSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if names.contains(&name) {
                return Err(de::Error::custom(format!("duplicate field `{name}`")));
            }
            names.insert(name);
            map.next_value::<Distinct>()?;
        }
        Ok(Distinct)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Distinct, A::Error> {
        while items.next_element::<Distinct>()?.is_some() {}
        Ok(Distinct)
    }

    fn visit_unit<E>(self) -> Result<Distinct, E> {
        Ok(Distinct)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Distinct, E> {
        Ok(Distinct)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Distinct, E> {
        Ok(Distinct)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Distinct, E> {
        Ok(Distinct)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Distinct, E> {
        Ok(Distinct)
    }

    fn visit_str<E>(self, _: &str) -> Result<Distinct, E> {
        Ok(Distinct)
    }
}

/// Declares an enum of messages, each with its `type` on the wire and the struct of its `data`.
///
/// With `else Unknown`, a type that is not in the list is kept instead of refused: an older client
/// goes on when the server learns new words.
macro_rules! messages {
    (
        $(#[$meta:meta])*
        $Name:ident {
            $($(#[doc = $doc:expr])+ $Variant:ident($Data:ty) = $tag:literal,)+
            $(else $Unknown:ident)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        pub enum $Name {
            $($(#[doc = $doc])+ $Variant($Data),)+
            $(
                /// A message of a later version: its type.
                $Unknown(String),
            )?
        }

        impl $Name {
            /// Every `type` there is.
            pub const TYPES: &'static [&'static str] = &[$($tag),+];

            /// The `type` on the wire.
            #[must_use]
            pub fn kind(&self) -> &str {
                match self {
                    $(Self::$Variant(_) => $tag,)+
                    $(Self::$Unknown(kind) => kind,)?
                }
            }

            /// Reads the `data` of a message of this `type`.
            ///
            /// # Errors
            /// When there is no such type, or its data is of another shape.
            pub fn parse(
                kind: &str,
                data: &serde_json::value::RawValue,
            ) -> Result<Self, $crate::message::ParseError> {
                match kind {
                    $($tag => $crate::message::parse_data(data).map(Self::$Variant),)+
                    $(other if true => Ok(Self::$Unknown(other.to_owned())),)?
                    #[allow(unreachable_patterns)]
                    _ => Err($crate::message::ParseError::UnknownType),
                }
            }

            /// The `data` alone, to be serialised beside other fields.
            #[must_use]
            pub fn data(&self) -> impl serde::Serialize + '_ {
                struct Data<'a>(&'a $Name);
                impl serde::Serialize for Data<'_> {
                    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                        match self.0 {
                            $($Name::$Variant(data) => data.serialize(s),)+
                            $($Name::$Unknown(_) => s.serialize_unit(),)?
                        }
                    }
                }
                Data(self)
            }

            /// The JSON Schema of each message: its type, what it is, its data.
            pub(crate) fn schemas(
                generator: &mut schemars::SchemaGenerator,
            ) -> Vec<(&'static str, String, schemars::Schema)> {
                vec![$((
                    $tag,
                    [$($doc.trim()),+].join(" "),
                    generator.subschema_for::<$Data>(),
                )),+]
            }
        }

        impl serde::Serialize for $Name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeStruct;
                let mut message = s.serialize_struct(stringify!($Name), 2)?;
                message.serialize_field("type", self.kind())?;
                message.serialize_field("data", &self.data())?;
                message.end()
            }
        }
    };
}
pub(crate) use messages;
