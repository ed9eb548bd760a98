package dispatcher.schedule.policy;

/// Whether a machine may have builds, and if not, why.
public enum MachineState {
    READY,
    /// It has failed again and again, answers now, and is being tried with one build.
    ON_TRIAL,
    /// It has failed, and has not been seen to work since.
    SET_ASIDE,
    /// Somebody wants it to get no more.
    DRAINED,
    /// What was measured speaks against it, or its pool: see the objection.
    UNDER_PRESSURE,
    /// The settings leave it to the machine to say what it builds for, and it has not said that yet.
    UNDESCRIBED,
    /// It is not in the settings any more, and finishes what it has.
    REMOVED
}
