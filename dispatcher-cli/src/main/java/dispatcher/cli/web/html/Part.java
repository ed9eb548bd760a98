package dispatcher.cli.web.html;

/// What an element is made of.
public sealed interface Part permits Attribute, Html {}
