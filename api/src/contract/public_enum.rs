//! The macro that declares a public enum with its names and, where there is one, its domain enum.

/// Declares a public enum: each variant once, with its public name and its documentation.
///
/// Serde and the API document use the public names; `name` and `ALL` return them. With `= Domain` after
/// its name, the enum is the public form of a domain enum and implements `From` it. That implementation
/// stops compiling when the domain enum gets a variant without a name here.
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
            /// Every variant, in the order in which they are documented.
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
