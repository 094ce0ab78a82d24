//! Links over real sockets, honest ones and others.

#![expect(clippy::arithmetic_side_effects, reason = "tests")]

mod attacks;
mod hellos;
mod kit;
mod life;
mod load;
