package dispatcher.cli.api.http;

/// What a handler answers in place of a record if it is no JSON, such as figures for Prometheus.
///
/// @param contentType with its character set, which is UTF-8
public record TextAnswer(String contentType, String text) {}
