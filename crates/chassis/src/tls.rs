//! One cryptography for every client of this process.

use rustls::crypto::ring;

/// Chooses *ring* for TLS in the whole process. To be called before the first client is made; again is harmless.
pub fn install() {
    // Fails only if a provider is there already, and then it is this one: no other is compiled in.
    drop(ring::default_provider().install_default());
}
