//! The API document, as the programs that make clients of it can read it.

use std::collections::HashMap;

use poem::endpoint::BoxEndpoint;
use poem::http::Method;
use poem_openapi::OpenApi;
use poem_openapi::registry::{MetaApi, MetaSchemaRef, Registry};

/// An API whose document puts a field's description beside the reference to the field's type alone.
///
/// The framework writes it into the `allOf` with the reference too, as a schema of its own without a
/// type. Generators make of that an intersection with anything (openapi-typescript), or leave out
/// every operation that uses it (openapi-python-client).
pub struct Documented<A>(pub A);

impl<A: OpenApi> OpenApi for Documented<A> {
    fn meta() -> Vec<MetaApi> {
        A::meta()
    }

    fn register(registry: &mut Registry) {
        A::register(registry);
        for schema in registry.schemas.values_mut() {
            for (_, field) in &mut schema.properties {
                keep_reference(field);
            }
        }
    }

    fn add_routes(self, routes: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {
        self.0.add_routes(routes);
    }
}

fn keep_reference(field: &mut MetaSchemaRef) {
    if let MetaSchemaRef::Inline(schema) = field
        && let [MetaSchemaRef::Reference(_), MetaSchemaRef::Inline(_)] = schema.all_of.as_slice()
    {
        schema.all_of.truncate(1);
    }
}
