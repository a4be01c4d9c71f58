//! Any value for any kind of property.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| destination_hubspot_fuzz::coercion(input));
