//! What a request's query asks of a listing.

use super::filter::Filter;
use super::order::Order;

/// Which names are listed, and in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct View {
    pub order: Order,
    pub filter: Filter,
}

impl View {
    /// What `query` asks for. What it does not know is ignored.
    pub(super) fn from_query(query: Option<&[u8]>) -> View {
        View { order: Order::from_query(query), filter: Filter::from_query(query) }
    }

    /// The query that asks for the same names in another order, with its question mark.
    pub(super) fn query_in(&self, order: Order) -> String {
        order.query() + &self.filter.further_query()
    }
}
