//! Both systems, imitated.
