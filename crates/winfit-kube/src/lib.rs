//! Kubernetes clusters, read as their objects are.
