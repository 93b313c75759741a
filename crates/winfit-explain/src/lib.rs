//! Error text in any wrapping, to a diagnosis.
