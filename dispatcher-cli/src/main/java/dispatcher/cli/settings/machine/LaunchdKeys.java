package dispatcher.cli.settings.machine;

import dispatcher.cli.settings.Group;
import dispatcher.cli.settings.Key;
import dispatcher.cli.settings.Section;
import dispatcher.cli.settings.value.Effect;
import dispatcher.cli.settings.value.Types;
import dispatcher.machine.OnDemand;
import java.nio.file.Path;
import java.util.Optional;

/// A machine that is a service of a mac's launchd, in the table of settings.
final class LaunchdKeys {
    private static final String PATH = "machines[].onDemand.launchd";
    private static final String LINUX_BUILDER_PATH = "machines[].onDemand.linuxBuilder";

    static final Key<String> LABEL = Key.of(PATH + ".label", Types.text("label", LaunchdKeys::label))
            .required("the label of the service")
            .example("org.example.builder")
            .counts(Effect.AT_ONCE)
            .help("Of the service.");
    static final Key<String> DOMAIN = Key.of(PATH + ".domain", Types.text("domain", LaunchdKeys::domain))
            .preset(OnDemand.Launchd.SYSTEM)
            .counts(Effect.AT_ONCE)
            .help("system, for which the dispatcher must run as root, or one such as gui/501.");
    static final Key<Path> PLIST = Key.of(PATH + ".plist", Types.path())
            .presetIs("/Library/LaunchDaemons/LABEL.plist")
            .example("/Library/LaunchDaemons/org.example.builder.plist")
            .counts(Effect.AT_ONCE)
            .help("Loaded if launchd does not know the service. A stop unloads it.");
    static final Key<Path> LOG = Key.of(PATH + ".log", Types.path())
            .example("/var/log/builder.log")
            .counts(Effect.AT_ONCE)
            .help("Where the service writes what it prints, for `dispatcher machine logs`.");
    static final Group LAUNCHD = Group.of(
            PATH,
            "A service of the dispatcher's host, if that is a mac. Not tried on a mac yet.",
            LABEL,
            DOMAIN,
            PLIST,
            LOG);

    static final Key<Path> LINUX_BUILDER_LOG = Key.of(LINUX_BUILDER_PATH + ".log", Types.path())
            .preset(LinuxBuilder.USUAL_LOG)
            .counts(Effect.AT_ONCE)
            .help("Where its service writes what it prints.");
    static final Group LINUX_BUILDER = Group.of(LINUX_BUILDER_PATH, """
            nix-darwin's virtual machine (nix.linux-builder), as a service of launchd. The entry then is reached at
            localhost:31022 as builder, by ssh-ng, with its usual keys, as far as it does not say otherwise; the hostName
            linux-builder is localhost. `linuxBuilder: {}` is enough. Not tried on a mac yet.""", LINUX_BUILDER_LOG);

    private LaunchdKeys() {}

    static Optional<OnDemand.Provider> read(Section section) {
        var label = section.get(LABEL);
        var domain = section.value(DOMAIN);
        var plist = section.get(PLIST);
        var log = section.get(LOG);
        return label.map(
                it -> new OnDemand.Launchd(it, domain, plist.orElseGet(() -> OnDemand.Launchd.usualPlist(it)), log));
    }

    static Optional<OnDemand.Provider> linuxBuilder(Section section) {
        return Optional.of(LinuxBuilder.service(section.value(LINUX_BUILDER_LOG)));
    }

    private static String label(String text) {
        if (OnDemand.Launchd.isLabel(text)) return text;
        throw new IllegalArgumentException("'%s' is no label of a service".formatted(text));
    }

    private static String domain(String text) {
        if (OnDemand.Launchd.isDomain(text)) return text;
        throw new IllegalArgumentException(
                "'%s' is no domain of launchd; write system, gui/UID or user/UID".formatted(text));
    }
}
