//! Any bytes on stdin.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| destination_hubspot_fuzz::message(input));
