
#![forbid(unsafe_code)]
