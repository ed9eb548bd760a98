package dispatcher.cli.ping;

/// Something about a machine that its owner must do something about.
///
/// @param verdict a word or two for a table, e.g. `host key changed`
/// @param why     the fact with its values
/// @param next    what to do about it
public record Problem(String verdict, String why, String next) {}
