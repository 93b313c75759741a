//! The tests of `winfit-kube`.
