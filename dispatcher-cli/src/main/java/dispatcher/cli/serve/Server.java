package dispatcher.cli.serve;

import dispatcher.build.BuildEnvironment;
import dispatcher.build.Builds;
import dispatcher.build.RetryPolicy;
import dispatcher.build.request.BuildRequestFactory;
import dispatcher.build.request.Foresight;
import dispatcher.build.request.LearnedExpectations;
import dispatcher.cli.actions.BuildActions;
import dispatcher.cli.api.MachineAnswer;
import dispatcher.cli.api.QueueAnswer;
import dispatcher.cli.api.http.ApiClient;
import dispatcher.cli.api.http.ApiServer;
import dispatcher.cli.api.http.Endpoint;
import dispatcher.cli.builders.LocalShim;
import dispatcher.cli.decline.Decline;
import dispatcher.cli.drain.DrainEndpoints;
import dispatcher.cli.drain.Drains;
import dispatcher.cli.events.EventEndpoint;
import dispatcher.cli.events.EventFeed;
import dispatcher.cli.explain.ExplainEndpoint;
import dispatcher.cli.graph.BuildGraph;
import dispatcher.cli.graph.GraphEndpoint;
import dispatcher.cli.history.HistoryEndpoints;
import dispatcher.cli.join.Joining;
import dispatcher.cli.machines.MachineAnswers;
import dispatcher.cli.machines.MachineKnowledge;
import dispatcher.cli.metrics.EventCounts;
import dispatcher.cli.metrics.MetricsEndpoint;
import dispatcher.cli.ondemand.OnDemandEndpoints;
import dispatcher.cli.otlp.Traces;
import dispatcher.cli.provider.MachineEngines;
import dispatcher.cli.publish.Publisher;
import dispatcher.cli.queue.QueueEndpoint;
import dispatcher.cli.recording.TraceRecorder;
import dispatcher.cli.records.FigureEndpoints;
import dispatcher.cli.records.RecordEndpoints;
import dispatcher.cli.reload.ReloadEndpoint;
import dispatcher.cli.reload.Reloader;
import dispatcher.cli.reload.SettingsChange;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.settings.file.SettingsFile;
import dispatcher.cli.settings.file.Surroundings;
import dispatcher.cli.settings.value.HostAndPort;
import dispatcher.cli.spool.SpoolEndpoints;
import dispatcher.cli.state.RecordDatabase;
import dispatcher.cli.state.StateDatabase;
import dispatcher.cli.status.StatusEndpoint;
import dispatcher.cli.systemd.ServiceManager;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.cli.web.ChangeListener;
import dispatcher.cli.web.Changes;
import dispatcher.cli.web.WebServer;
import dispatcher.cli.web.build.BuildPages;
import dispatcher.cli.web.figure.FigurePages;
import dispatcher.cli.web.fleet.FleetPages;
import dispatcher.event.DispatcherListener;
import dispatcher.event.ListenerList;
import dispatcher.history.History;
import dispatcher.history.HistoryListener;
import dispatcher.machine.Machine;
import dispatcher.machine.demand.MachinesOnDemand;
import dispatcher.machine.link.MachineLink;
import dispatcher.machine.load.MachineSampler;
import dispatcher.machine.load.PressureListener;
import dispatcher.machine.registry.MachineRegistry;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.protocol.LocalFrontEnd;
import dispatcher.record.BuildRecorder;
import dispatcher.schedule.BuildQueue;
import dispatcher.schedule.SteadyClock;
import dispatcher.session.ClientConversations;
import dispatcher.session.SessionContext;
import dispatcher.session.Sessions;
import dispatcher.ssh.client.SshTransports;
import dispatcher.ssh.server.SshFrontEnd;
import dispatcher.ssh.server.SshFrontEndException;
import dispatcher.ssh.server.SshFrontEndOptions;
import dispatcher.ssh.tunnel.DialIns;
import dispatcher.store.BuildOptions;
import dispatcher.store.Locations;
import dispatcher.store.conversation.StorePool;
import dispatcher.store.host.HostStore;
import dispatcher.store.spool.Spool;
import dispatcher.store.spool.SpoolLimits;
import dispatcher.store.verify.KnownPaths;
import dispatcher.thread.SteadyThread;
import dispatcher.wire.rate.Uplink;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A running dispatcher: everything put together from the settings, from the front ends down to the machines.
///
/// Local clients are let in before anything slow is done, such as loading SSH; machines are only contacted for
/// builds.
public final class Server implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger("dispatcher");
    private static final StoreDir STORE_DIR = StoreDir.NIX_STORE;
    private static final Duration SAVE_INTERVAL = Duration.ofMinutes(1);

    private volatile Settings settings;
    private final DialIns dialIns = new DialIns();
    private final SshTransports transports = new SshTransports(dialIns);
    private final SteadyClock clock = new SteadyClock();
    private final MachinesOnDemand onDemand;
    private final Spool spool;
    private final KnownPaths known;
    private final MachineRegistry machines;
    private final BuildRequestFactory requests;
    private final Builds builds;
    private final Sessions sessions;
    private final ClientConversations conversations;
    private final Decline decline;
    private final StateDatabase state;
    private final Locations locations;
    private final History history;
    private final Optional<TraceRecorder> recorder;
    private final RecordDatabase recordDatabase;
    private final Traces traces;
    private final BuildRecorder records;
    private final EventFeed events;
    private final BuildGraph graph;
    private final Publisher publisher;
    private final BuildQueue queue;
    private final Drains drains;
    private final EventCounts counts = new EventCounts();
    private final Joining joining = new Joining(this::settings, this::reloader);
    private final Reloader reloader;
    private volatile Optional<Uplink> uplink;
    private final Thread saving = SteadyThread.unstarted("save what was learned", this::savesAgain);
    private final Changes changes = new Changes();
    private final ArrayList<AutoCloseable> frontEnds = new ArrayList<>();
    private volatile Optional<LocalFrontEnd> localClients = Optional.empty();
    private volatile Optional<SshFrontEnd> sshClients = Optional.empty();

    /// Starts it; returns when clients can come in.
    ///
    /// @param version of the program
    /// @throws UserFacingException if something of the host is not as the settings want it
    public Server(Settings settings, String version) {
        this.settings = settings;
        this.onDemand = new MachinesOnDemand(clock, MachineEngines.ofDispatcher(settings.state()));
        try {
            this.spool = Spool.open(
                    settings.spool().path(),
                    STORE_DIR,
                    SpoolLimits.of(settings.spool().size().bytes())
                            .withShare(settings.uploads().spoolShare()));
        } catch (IOException e) {
            throw cannot("open the spool at " + settings.spool().path(), e, "see spool.path in " + settings.file());
        }
        this.queue = new BuildQueue(List.of(), settings.schedule(), clock);
        this.decline = new Decline(settings.decline(), () -> Decline.longestWait(queue));
        this.uplink = uplink(settings);
        this.state = StateDatabase.in(settings.state());
        this.locations = Locations.load(
                state.locations(),
                settings.machines().stream().map(Machine::name).collect(Collectors.toSet()));
        this.history = History.load(state.history(), History.DEFAULT_DURATION, InstantSource.system());
        var expectations = new LearnedExpectations(history);
        this.recorder = settings.trace().map(file -> record(file, expectations));
        this.recordDatabase = RecordDatabase.in(settings.state());
        this.traces = Traces.of(settings.otlp(), version);
        this.records = BuildRecorder.open(recordDatabase.records(), settings.records(), InstantSource.system(), traces);
        this.events = new EventFeed(records::idOf, InstantSource.system());
        this.graph = new BuildGraph(records::idOf, clock);
        this.publisher = new Publisher(settings.publish(), this::ownStore);
        var listeners = new ListenerList(
                new HistoryListener(history, System::nanoTime),
                new LoggingListener(),
                records,
                events,
                graph,
                counts,
                publisher,
                onDemand.counting(),
                recorder.<DispatcherListener>map(each -> each).orElse(DispatcherListener.NONE),
                settings.listen().web().isPresent() ? new ChangeListener(changes) : DispatcherListener.NONE);
        this.machines = new MachineRegistry(
                settings.machines(),
                limits(settings),
                (machine, pressure) -> link(settings, machine, pressure),
                queue,
                history,
                state.descriptions(),
                onDemand::boot,
                listeners,
                clock,
                System::nanoTime);
        onDemand.onBootChange(machines::bootChanged);
        dialIns.change(DialInKeys.of(settings.machines()));
        dialIns.onArrival(this.machines::announced);
        var listener = new ListenerList(listeners, machines.learning());
        this.known = KnownPaths.of(locations, STORE_DIR, settings.trustedPublicKeys());
        this.requests = new BuildRequestFactory(expectations, settings.resources(), locations, known.sizes());
        var foresight = new Foresight(machines, queue);
        this.builds = new Builds(
                new BuildEnvironment(machines, known, listener, records, records, System::nanoTime),
                queue,
                requests,
                foresight,
                retryPolicy(settings),
                clock);
        this.sessions = new Sessions(new SessionContext(
                STORE_DIR, spool, hostStore(), machines, known, builds, foresight, listener, System::nanoTime));
        var signingKey = settings.secretKeyFile().map(SigningKey::read);
        signingKey.ifPresent(
                key -> log.atInfo().addKeyValue("publicKey", key.publicKey()).log("signing outputs"));
        this.conversations = new ClientConversations(
                sessions,
                "dispatcher " + version,
                settings.trustedPublicKeys(),
                signingKey,
                settings.limits(),
                settings.uploads());
        this.drains = Drains.load(state.drains(), machines);
        this.reloader = new Reloader(
                settings,
                running -> SettingsFile.again(running, Surroundings.ofProcess(), joining.machines()),
                this::change);
        try {
            // First: it fails if another dispatcher has this state.
            var endpoints = changes.notedBy(endpoints());
            openControl(endpoints);
            openFrontEnds();
            settings.listen().web().ifPresent(address -> openPage(address, endpoints));
            saving.start();
            reloader.start();
            machines.startDescribing();
            Thread.ofPlatform().daemon().name("prepare SSH").start(transports::prepare);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private static Optional<Uplink> uplink(Settings settings) {
        return settings.uplink().map(rate -> new Uplink(rate.bytes(), System::nanoTime));
    }

    /// The store URI by which a Nix on this host reaches us.
    private String ownStore() {
        var socket = settings.listen()
                .socket()
                .orElseThrow(() -> new UserFacingException(
                        "outputs cannot be fetched", "the running dispatcher has no listen.socket", "restart it"));
        return new LocalShim(LocalShim.installed(), socket).storeUri(Optional.empty());
    }

    /// What is in force.
    Settings settings() {
        return settings;
    }

    Reloader reloader() {
        return reloader;
    }

    /// Puts other settings in force. Links to machines are made first: nothing after that can fail.
    private void change(SettingsChange change) {
        var next = change.settings();
        if (change.reconnects()) uplink = uplink(next);
        machines.replace(
                next.machines(),
                limits(next),
                !change.reconnects(),
                (machine, pressure) -> link(next, machine, pressure));
        dialIns.change(DialInKeys.of(next.machines()));
        onDemand.replace(next.machines());
        queue.changeOptions(next.schedule());
        requests.changeRules(next.resources());
        builds.change(retryPolicy(next));
        known.proofs().trust(next.trustedPublicKeys());
        spool.changeShare(next.uploads().spoolShare());
        records.change(next.records());
        conversations.change(next.trustedPublicKeys(), next.limits(), next.uploads());
        decline.change(next.decline());
        publisher.change(next.publish());
        localClients.ifPresent(door -> door.change(next.clients(), next.limits()));
        sshClients.ifPresent(door -> door.change(next.clients(), next.limits()));
        settings = next;
        if (!change.changes().isEmpty()) events.settingsChanged(change.changes());
    }

    private TraceRecorder record(Path file, LearnedExpectations expectations) {
        try {
            return TraceRecorder.open(
                    file,
                    new FleetFacts(this::machines, this::settings, history, expectations, this::narSize),
                    System::nanoTime);
        } catch (IOException e) {
            throw cannot("write a trace to " + file, e, "see schedule.trace in " + settings.file());
        }
    }

    private Collection<Machine> machines() {
        return machines.machines();
    }

    private OptionalLong narSize(StorePath path) {
        return known.sizes().of(path);
    }

    private static MachineRegistry.Limits limits(Settings settings) {
        var timeouts = settings.timeouts();
        return new MachineRegistry.Limits(timeouts.answer(), timeouts.unavailable(), settings.pressureLimits());
    }

    private static RetryPolicy retryPolicy(Settings settings) {
        var limits = settings.buildLimits();
        var builds = new BuildOptions(
                BuildOptions.BuildMode.NORMAL,
                limits.maxSilent(),
                limits.timeout(),
                limits.maxLog().bytes(),
                false);
        return new RetryPolicy(settings.maxAttempts(), builds, settings.stragglers());
    }

    /// Closing saves for the last time.
    private boolean savesAgain() throws InterruptedException {
        Thread.sleep(SAVE_INTERVAL);
        save();
        return true;
    }

    private void save() {
        try {
            locations.save();
        } finally {
            history.save(state.history());
        }
        state.checkpoint();
        recordDatabase.checkpoint();
    }

    private MachineLink link(Settings settings, Machine machine, PressureListener pressure) {
        var transport =
                onDemand.transport(machine, address -> MachineTransports.to(address, machine, settings, transports));
        var shared = machine.protocol().isOverSsh() ? uplink : Optional.<Uplink>empty();
        return new MachineLink(
                machine,
                shared.map(budget -> budget.limit(transport)).orElse(transport),
                STORE_DIR,
                new MachineLink.Limits(
                        settings.timeouts().handshake(), settings.timeouts().reply()),
                System::nanoTime,
                new MachineSampler(machine.name(), transport, STORE_DIR, pressure, clock));
    }

    private Optional<StorePool> hostStore() {
        return switch (settings.hostStore()) {
            case Settings.HostStore.Off() -> Optional.empty();
            case Settings.HostStore.Daemon(var socket) ->
                Optional.of(HostStore.at(socket, STORE_DIR, System::nanoTime));
            case Settings.HostStore.Auto() ->
                HostStore.find(
                        STORE_DIR, Optional.ofNullable(System.getenv("PATH")).orElse(""), System::nanoTime);
        };
    }

    private void openFrontEnds() {
        settings.listen().socket().ifPresent(this::listenLocally);
        settings.listen().ssh().ifPresent(address -> {
            var options = SshFrontEndOptions.of(
                    address.host(),
                    address.port(),
                    settings.hostKey(),
                    settings.authorizedKeys(),
                    settings.clients(),
                    settings.limits());
            try {
                var frontEnd = SshFrontEnd.start(options, conversations, dialIns);
                frontEnds.add(frontEnd);
                sshClients = Optional.of(frontEnd);
                log.atInfo().addKeyValue("address", address).log("serving clients over SSH");
            } catch (SshFrontEndException e) {
                throw new UserFacingException(
                        "cannot listen on " + address, String.valueOf(e.getMessage()), e.nextStep(), e);
            }
        });
    }

    private void listenLocally(Path socket) {
        try {
            LocalShim.exposedScript(settings.state()).ifPresent(Server::warnOfOldScript);
            var frontEnd =
                    LocalFrontEnd.open(socket, settings.clients(), settings.limits(), decline::why, conversations);
            frontEnds.add(frontEnd);
            localClients = Optional.of(frontEnd);
        } catch (IOException e) {
            throw cannot("listen at " + socket, e, "see listen.socket in " + settings.file());
        }
        log.atInfo()
                .addKeyValue("socket", socket)
                .addKeyValue("machines", settings.machines().size())
                .log("serving local clients");
    }

    private static void warnOfOldScript(Path script) {
        log.atWarn()
                .addKeyValue("file", script)
                .log("an earlier version wrote this program, and others than root can change it. If a `builders` line"
                        + " names it, root's Nix runs it: write down there what `dispatcher builders` prints now, then"
                        + " remove the file");
    }

    private void openControl(List<Endpoint> endpoints) {
        var socket = settings.controlSocket();
        try {
            frontEnds.add(ApiServer.open(socket, endpoints));
        } catch (IOException e) {
            throw cannot("listen at " + socket, e, "see state in " + settings.file());
        }
    }

    private void openPage(HostAndPort address, List<Endpoint> endpoints) {
        var page = WebServer.start(
                address,
                settings.listen().page(),
                new WebServer.Offer(
                        join(endpoints, BuildPages.endpoints(endpoints)),
                        join(FleetPages.pages(), BuildPages.pages(clock), FigurePages.pages()),
                        join(FleetPages.actions(), BuildPages.actions()),
                        changes,
                        clock));
        frontEnds.add(page);
        log.atInfo().addKeyValue("url", "http://%s/".formatted(page.address())).log("serving the page");
    }

    @SafeVarargs
    private static <T> List<T> join(List<? extends T>... lists) {
        var all = new ArrayList<T>();
        for (var list : lists) all.addAll(list);
        return List.copyOf(all);
    }

    /// What can be asked over the control socket, and on `listen.web`.
    List<Endpoint> endpoints() {
        var endpoints = new ArrayList<Endpoint>();
        var known = MachineKnowledge.of(machines);
        UnaryOperator<MachineAnswer> more = machine -> known.with(drains.with(machine));
        endpoints.add(MachineAnswers.endpoint(queue, clock, onDemand, machines::description, more));
        endpoints.add(new StatusEndpoint(
                        queue,
                        () -> MachineAnswers.all(queue, clock, onDemand, machines::description, more),
                        records,
                        clock)
                .endpoint());
        endpoints.addAll(new OnDemandEndpoints(queue, onDemand, clock).endpoints());
        endpoints.add(new QueueEndpoint(queue, clock).endpoint());
        endpoints.add(new ExplainEndpoint(queue, sessions::prospect).endpoint());
        endpoints.addAll(new DrainEndpoints(queue, drains, events::drainChanged, clock).endpoints());
        endpoints.addAll(new HistoryEndpoints(history).endpoints());
        endpoints.addAll(new RecordEndpoints(records, clock).endpoints());
        endpoints.addAll(new FigureEndpoints(records, recordDatabase.figures(), queue::snapshot, clock).endpoints());
        endpoints.add(new GraphEndpoint(graph, clock).endpoint());
        endpoints.addAll(new SpoolEndpoints(spool, settings.spool()).endpoints());
        endpoints.add(new EventEndpoint(events).endpoint());
        endpoints.addAll(new BuildActions(builds.controls(), queue, records).endpoints());
        endpoints.add(new ReloadEndpoint(reloader).endpoint());
        endpoints.addAll(joining.endpoints());
        endpoints.add(new MetricsEndpoint(queue, counts, machines::links, spool::status, clock).endpoint());
        return endpoints;
    }

    private static UserFacingException cannot(String what, IOException cause, String next) {
        return new UserFacingException("cannot " + what, String.valueOf(cause.getMessage()), next, cause);
    }

    /// Says that clients can come in, to a service manager that wants to know, and lets it look after this.
    public void report(ServiceManager manager) {
        int count = settings.machines().size();
        manager.ready(count == 1 ? "1 machine" : count + " machines");
        manager.watch(this::checkAlive);
    }

    /// Asks itself over the control socket for the queue, which takes the queue's lock. Does not return if that is
    /// stuck.
    ///
    /// @throws IOException if nothing answers
    public void checkAlive() throws IOException {
        var answer = new ApiClient(settings.controlSocket()).get(QueueAnswer.PATH + "?rows=0");
        if (answer.isEmpty()) throw new IOException("nothing listens at " + settings.controlSocket());
    }

    /// Refuses new builds, and waits until those that run have ended and their clients have what came out.
    ///
    /// @return false if that took longer than `limit`
    boolean drain(Duration limit) throws InterruptedException {
        return sessions.drain(limit);
    }

    /// Sends all clients away and leaves every machine. What runs there ends with its connection; machines that were
    /// started stay on.
    @Override
    public void close() {
        reloader.close();
        publisher.close();
        onDemand.close();
        for (var frontEnd : frontEnds.reversed()) closeQuietly(frontEnd);
        sessions.close();
        recorder.ifPresent(TraceRecorder::close);
        traces.close();
        records.close();
        saving.interrupt();
        try {
            saving.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        save();
        state.close();
        recordDatabase.close();
        transports.close();
        spool.close();
    }

    private static void closeQuietly(AutoCloseable part) {
        try {
            part.close();
        } catch (Exception e) {
            log.atWarn().setCause(e).log("while stopping");
        }
    }
}
