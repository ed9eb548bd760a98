package dispatcher.session;

import static dispatcher.session.TestFleet.drv;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.ContentAddress;
import dispatcher.nix.ContentAddress.Method;
import dispatcher.nix.ContentAddress.MethodAlgorithm;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.Hash;
import dispatcher.nix.PathInfo;
import dispatcher.nix.Realisation;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.nix.StorePaths;
import dispatcher.store.BuildLog;
import dispatcher.store.BuildOptions;
import dispatcher.store.Store;
import dispatcher.store.Verify;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.Liar;
import dispatcher.testkit.NarTree;
import dispatcher.wire.NarSummary;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/// False answers of a machine about a build that it has done, and what is reported of them.
enum Lie {
    NAR_OF_ANOTHER_FILE("has the hash") {
        @Override
        void teach(FakeMachine machine) {
            machine.lying(nars((nar, sink) -> write(NarTree.file(nar.replace('o', '#')), sink)));
        }
    },
    NAR_THAT_IS_SHORTER("bytes, its path info says") {
        @Override
        void teach(FakeMachine machine) {
            machine.lying(nars((_, sink) -> write(NarTree.file(""), sink)));
        }
    },
    NAR_THAT_IS_LONGER("more than the") {
        @Override
        void teach(FakeMachine machine) {
            machine.lying(nars((nar, sink) -> write(NarTree.file(nar + "and more"), sink)));
        }
    },
    NAR_WITHOUT_END("more than the") {
        @Override
        void teach(FakeMachine machine) {
            machine.lying(nars((_, sink) -> {
                sink.write(NarTree.file("x".repeat(1 << 16)).toNar(), 0, 96);
                while (true) sink.write(new byte[1 << 16]);
            }));
        }
    },
    NAR_THAT_IS_NONE("what was received is") {
        @Override
        void teach(FakeMachine machine) {
            machine.lying(nars((nar, sink) -> sink.write(nar.getBytes(StandardCharsets.UTF_8))));
        }
    },
    REFERENCE_TO_SOMETHING_ELSE("neither an input nor an output") {
        @Override
        void teach(FakeMachine machine) {
            machine.lying(infos(info -> copy(info, info.narSize(), List.of(FakeStore.path("elsewhere")))));
        }
    },
    NAR_OF_NO_SIZE("has 0 bytes") {
        @Override
        void teach(FakeMachine machine) {
            machine.lying(infos(info -> copy(info, 0, info.references())));
        }
    },
    NAR_OF_ABSURD_SIZE("has 4611686018427387904 bytes") {
        @Override
        void teach(FakeMachine machine) {
            machine.lying(infos(info -> copy(info, 1L << 62, info.references())));
        }
    },
    OUTPUT_THAT_IS_NOT_THERE("does not have it") {
        @Override
        void teach(FakeMachine machine) {
            machine.lying(truth -> new Liar(truth) {
                @Override
                public Optional<PathInfo> queryPathInfo(StorePath path) {
                    return Optional.empty();
                }
            });
        }
    },
    OUTPUT_THAT_THE_DERIVATION_DOES_NOT_HAVE("which the derivation does not have") {
        @Override
        void teach(FakeMachine machine) {
            machine.lying(results(Map.of("dev", FakeStore.path("x-dev"))));
        }
    },
    OUTPUT_ELSEWHERE("and the derivation says") {
        @Override
        void teach(FakeMachine machine) {
            machine.lying(results(Map.of("out", FakeStore.path("y"))));
        }
    },
    FLOATING_OUTPUT_WITH_ANOTHER_NAME("which has another name") {
        @Override
        TestFleet.Drv derivation() {
            return floating();
        }

        @Override
        void teach(FakeMachine machine) {
            machine.lying(results(Map.of("out", FakeStore.path("y"))));
        }
    },
    FLOATING_OUTPUT_WITHOUT_ADDRESS("no content address") {
        @Override
        TestFleet.Drv derivation() {
            return floating();
        }

        @Override
        void teach(FakeMachine machine) {
            machine.lying(infos(info -> addressed(info, Optional.empty())));
        }
    },
    FLOATING_OUTPUT_ADDRESSED_OTHERWISE("from which another path follows") {
        @Override
        TestFleet.Drv derivation() {
            return floating();
        }

        @Override
        void teach(FakeMachine machine) {
            machine.lying(infos(info -> addressed(info, Optional.of(ADDRESS))));
        }
    },
    FIXED_OUTPUT_WITH_ANOTHER_CONTENT("and the derivation fixes") {
        @Override
        TestFleet.Drv derivation() {
            return drv("x").with(new DerivationOutput.Fixed(
                    StorePaths.fixedOutput(StoreDir.NIX_STORE, "x", Method.NAR, ADDRESS.hash()),
                    new MethodAlgorithm(Method.NAR, ADDRESS.hash().algorithm()),
                    ADDRESS.hash()));
        }

        @Override
        void teach(FakeMachine machine) {}
    },
    PATHS_THAT_NOBODY_ASKED_FOR("which it was not asked for") {
        @Override
        TestFleet.Drv derivation() {
            return drv("x", FakeStore.path("libc"));
        }

        @Override
        void teach(FakeMachine machine) {
            machine.lying(truth -> new Liar(truth) {
                @Override
                public SortedSet<StorePath> queryValidPaths(
                        Collection<StorePath> paths, Predicate<StorePath> expected, boolean substitute) {
                    var more = new TreeSet<>(paths);
                    more.add(FakeStore.path("elsewhere"));
                    return more;
                }
            });
        }
    },
    NO_ANSWER("has not answered within") {
        @Override
        void teach(FakeMachine machine) {
            var mute = muted(machine);
            machine.lying(infos(info -> {
                mute.set(true);
                return info;
            }));
        }
    },
    NAR_THAT_STANDS_STILL("has not answered within") {
        @Override
        void teach(FakeMachine machine) {
            var mute = muted(machine);
            machine.lying(nars((nar, sink) -> {
                mute.set(true);
                write(NarTree.file(nar), sink);
            }));
        }
    },
    GARBAGE("") {
        @Override
        void teach(FakeMachine machine) {
            machine.tampering(out -> new OutputStream() {
                @Override
                public void write(int b) throws IOException {
                    out.write(machine.built().isEmpty() ? b : 0xa5);
                }
            });
        }
    };

    private static final ContentAddress ADDRESS =
            new ContentAddress(Method.NAR, Hash.sha256("something else".getBytes(StandardCharsets.UTF_8)));

    private final String reason;

    /// @param reason what is reported of it, in part
    Lie(String reason) {
        this.reason = reason;
    }

    String reason() {
        return reason;
    }

    /// Makes a machine lie from now on.
    abstract void teach(FakeMachine machine);

    /// The build that the false answer is about.
    TestFleet.Drv derivation() {
        return drv("x");
    }

    private static TestFleet.Drv floating() {
        return drv("x").with(new DerivationOutput.Floating(MethodAlgorithm.parseDerivation("r:sha256")));
    }

    /// When it is set, the machine goes on to listen, and says no more.
    private static AtomicBoolean muted(FakeMachine machine) {
        var mute = new AtomicBoolean();
        machine.tampering(out -> new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                if (!mute.get()) out.write(b);
            }
        });
        return mute;
    }

    private interface Nars {
        void write(String text, OutputStream sink) throws IOException;
    }

    /// @param nars writes a NAR in place of that of a file with this text
    private static UnaryOperator<Store> nars(Nars nars) {
        return truth -> new Liar(truth) {
            @Override
            public NarSummary narFromPath(StorePath path, Verify verify, OutputStream sink)
                    throws IOException, InterruptedException {
                var bytes = new ByteArrayOutputStream();
                var summary = super.narFromPath(path, verify, bytes);
                if (NarTree.parse(bytes.toByteArray()) instanceof NarTree.File(var _, var text))
                    nars.write(text.utf8(), sink);
                return summary;
            }
        };
    }

    private static void write(NarTree tree, OutputStream sink) throws IOException {
        var nar = tree.toNar();
        sink.write(nar, 0, nar.length);
    }

    private static UnaryOperator<Store> infos(UnaryOperator<PathInfo> lie) {
        return truth -> new Liar(truth) {
            @Override
            public Optional<PathInfo> queryPathInfo(StorePath path) throws IOException, InterruptedException {
                return super.queryPathInfo(path).map(lie);
            }
        };
    }

    private static UnaryOperator<Store> results(Map<String, StorePath> outputs) {
        return truth -> new Liar(truth) {
            @Override
            public BuildResult buildDerivation(
                    StorePath drvPath, BasicDerivation derivation, BuildOptions options, BuildLog log)
                    throws IOException, InterruptedException {
                var reported = new TreeMap<String, Realisation>();
                outputs.forEach((name, path) -> reported.put(name, Realisation.ofOutput(name, path)));
                return super.buildDerivation(drvPath, derivation, options, log).withOutputs(reported);
            }
        };
    }

    private static PathInfo copy(PathInfo info, long narSize, Collection<StorePath> references) {
        return PathInfo.of(info.path(), info.narHash(), narSize, references);
    }

    private static PathInfo addressed(PathInfo info, Optional<ContentAddress> address) {
        return new PathInfo(
                info.path(),
                info.deriver(),
                info.narHash(),
                info.references(),
                info.registrationTime(),
                info.narSize(),
                false,
                info.signatures(),
                address);
    }
}
