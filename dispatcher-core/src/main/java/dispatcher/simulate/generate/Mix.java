package dispatcher.simulate.generate;

import dispatcher.machine.Machine;
import dispatcher.machine.MachineAddress;
import dispatcher.machine.MachineProtocol;
import dispatcher.simulate.model.Host;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// A number of machines that are alike, written `COUNTxJOBS[@SPEED][+FEATURE...][~MBPS]`: `4x8`,
/// `2x16@2+kvm+big-parallel`, `3x4~10`.
///
/// @param bandwidth megabytes (10^6) per second to each of them
public record Mix(int count, int maxJobs, double speed, SortedSet<String> features, double bandwidth) {
    private static final Pattern TEXT = Pattern.compile("(\\d{1,5})x(\\d{1,5})(?:@(\\d{1,4}(?:\\.\\d{1,4})?))?"
            + "((?:\\+[A-Za-z0-9._-]+)*)(?:~(\\d{1,7}(?:\\.\\d{1,3})?))?");
    private static final int MAX_MACHINES = 10_000;
    private static final double LAN = 100;
    private static final Duration NEAR = Duration.ofMillis(1);
    private static final Duration FAR = Duration.ofMillis(30);

    public Mix {
        features = Collections.unmodifiableSortedSet(new TreeSet<>(features));
    }

    /// @throws IllegalArgumentException if it is none, with a message for people
    public static Mix parse(String text) {
        var matcher = TEXT.matcher(text);
        if (!matcher.matches())
            throw new IllegalArgumentException(
                    "'%s' is no mix of machines; write COUNTxJOBS[@SPEED][+FEATURE...][~MBPS], such as 2x16@2+kvm"
                            .formatted(text));
        int count = Integer.parseInt(matcher.group(1));
        int jobs = Integer.parseInt(matcher.group(2));
        double speed = number(matcher.group(3), 1);
        double bandwidth = number(matcher.group(5), LAN);
        if (count == 0 || count > MAX_MACHINES || jobs == 0 || speed == 0 || bandwidth == 0)
            throw new IllegalArgumentException(
                    "'%s' is no mix of machines; all its numbers are above 0, and at most %d machines are simulated"
                            .formatted(text, MAX_MACHINES));
        var features = Stream.of(matcher.group(4).split("\\+"))
                .filter(word -> !word.isEmpty())
                .toList();
        return new Mix(count, jobs, speed, new TreeSet<>(features), bandwidth);
    }

    private static double number(String digits, double otherwise) {
        return Optional.ofNullable(digits).map(Double::parseDouble).orElse(otherwise);
    }

    /// The machines, named `m1`, `m2`, …
    static List<Host> hosts(List<Mix> mixes) {
        var hosts = new ArrayList<Host>();
        for (var mix : mixes) for (int i = 0; i < mix.count; i++) hosts.add(mix.host("m" + (hosts.size() + 1)));
        return hosts;
    }

    private Host host(String name) {
        return Host.of(machine(name), bandwidth * 1e6, bandwidth < LAN ? FAR : NEAR);
    }

    private Machine machine(String name) {
        return new Machine(
                name,
                new MachineAddress(name, MachineAddress.SSH_PORT, "nix", Optional.empty(), Optional.empty()),
                MachineProtocol.SSH_NG,
                new TreeSet<>(Set.of("x86_64-linux")),
                maxJobs,
                speed,
                features,
                Collections.emptySortedSet());
    }

    @Override
    public String toString() {
        var text = new StringBuilder("%dx%d".formatted(count, maxJobs));
        if (speed != 1) text.append('@').append(plain(speed));
        features.forEach(feature -> text.append('+').append(feature));
        if (bandwidth != LAN) text.append('~').append(plain(bandwidth));
        return text.toString();
    }

    private static String plain(double number) {
        return String.format(Locale.ROOT, "%.4f", number).replaceAll("\\.?0+$", "");
    }
}
