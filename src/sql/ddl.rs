//! The facts of one DDL statement, before they are put together to a schema.
