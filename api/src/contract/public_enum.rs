//! One macro for "domain enum, public enum, public name".

/// Declares a public enum: each variant once, with its public name and its documentation.
///
/// Serde and the API document write variants by those names; `name` and `ALL` give them. With `= Domain` after its
/// name the enum is the public form of a domain enum: it is made `From` one, which stops compiling when the domain
/// gets a variant that has no name here.
macro_rules! public_enum {
    (
        $(#[$about:meta])*
        pub enum $public:ident {
            $($(#[$meaning:meta])* $variant:ident = $name:tt,)+
        }
    ) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, poem_openapi::Enum)]
        $(#[$about])*
        pub enum $public {
            $($(#[$meaning])* #[serde(rename = $name)] #[oai(rename = $name)] $variant,)+
        }

        impl $public {
            /// Every variant, in the order of its documentation.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            /// The public name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
    (
        $(#[$about:meta])*
        pub enum $public:ident = $domain:ident {
            $($(#[$meaning:meta])* $variant:ident = $name:tt,)+
        }
    ) => {
        public_enum! {
            $(#[$about])*
            pub enum $public {
                $($(#[$meaning])* $variant = $name,)+
            }
        }

        impl From<$domain> for $public {
            fn from(value: $domain) -> Self {
                match value {
                    $($domain::$variant => Self::$variant,)+
                }
            }
        }
    };
}

pub(crate) use public_enum;
