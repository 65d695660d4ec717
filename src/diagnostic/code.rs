//! What warnings are about.

macro_rules! codes {
    ($($(#[doc = $about:literal])+ $name:ident = $text:literal;)+) => {
        /// What a warning is about; the text form is stable and appears in JSON.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum WarningCode {
            $($(#[doc = $about])+ $name,)+
        }

        impl WarningCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The stable name, as in JSON.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }
        }
    };
}

// One list, so that a code cannot be missing from [`WarningCode::ALL`], by which `--strict` finds it.
codes! {
    /// No machine file: the built-in reference machine was used.
    ReferenceMachine = "reference_machine";
    /// A machine file that leaves out what the forecast needs.
    AssumedMachine = "assumed_machine";
    /// A machine file without fitted coefficients.
    UncalibratedMachine = "uncalibrated_machine";
    /// A key, setting or form that is read but has no part in the model yet.
    NotModelled = "not_modelled";
    /// A DDL statement that could not be read.
    UnreadableDdl = "unreadable_ddl";
    /// A statement understood only in part.
    PartlyUnderstood = "partly_understood";
    /// A statistic that was missing and was assumed as PostgreSQL would.
    AssumedStatistics = "assumed_statistics";
    /// An open load beyond what the system can complete.
    Overload = "overload";
    /// A fixed point that did not settle.
    NotConverged = "not_converged";
    /// The forecast leaves the range that was measured.
    Extrapolated = "extrapolated";
    /// A measured point could not be reproduced by correcting demands.
    AnchorNotReached = "anchor_not_reached";
    /// A plan or measured CPU stands in for the model's own idea of a statement.
    Substituted = "substituted";
}

impl WarningCode {
    /// Whether `--strict` turns the warning into a failure: something was not read or not modelled.
    #[must_use]
    pub const fn fails_strict(self) -> bool {
        matches!(self, Self::NotModelled | Self::UnreadableDdl | Self::PartlyUnderstood)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The name in JSON is the variant's own in small letters, so that neither can be written for another.
    #[test]
    fn every_code_is_listed_once_under_its_own_name() {
        for (place, code) in WarningCode::ALL.iter().enumerate() {
            let mut name = String::new();
            for c in format!("{code:?}").chars() {
                if c.is_ascii_uppercase() && !name.is_empty() {
                    name.push('_');
                }
                name.push(c.to_ascii_lowercase());
            }
            assert_eq!(code.as_str(), name);
            assert_eq!(*code as usize, place, "{code:?} stands where it is declared");
        }
        assert!(WarningCode::ALL.contains(&WarningCode::AssumedMachine));
    }
}
