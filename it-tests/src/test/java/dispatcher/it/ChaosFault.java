package dispatcher.it;

/// What can happen to a machine. Each is injected into one that is well, and later repaired.
enum ChaosFault {
    SSHD_KILLED("its sshd and all logins killed") {
        @Override
        void inject(Fleet.Machine machine) throws Exception {
            machine.processes("sshd").forEach(ProcessHandle::destroyForcibly);
        }

        @Override
        void repair(Fleet.Machine machine) throws Exception {
            machine.run("/usr/sbin/sshd", "-E", "/tmp/sshd.log").orFail();
        }
    },
    NIX_DAEMON_KILLED("its nix-daemon and all that it had started killed") {
        @Override
        void inject(Fleet.Machine machine) throws Exception {
            machine.processes("nix-daemon").forEach(ProcessHandle::destroyForcibly);
            machine.processes("nix-store --serve").forEach(ProcessHandle::destroyForcibly);
        }

        @Override
        void repair(Fleet.Machine machine) throws Exception {
            machine.run("sh", "-c", "setsid nix-daemon </dev/null >/tmp/daemon.log 2>&1 &")
                    .orFail();
        }
    },
    HOST_KILLED("killed, its network first") {
        @Override
        void inject(Fleet.Machine machine) throws Exception {
            machine.cut();
            machine.kill();
        }

        @Override
        void repair(Fleet.Machine machine) throws Exception {
            machine.start();
        }
    },
    STOPPED("all its processes stopped") {
        @Override
        void inject(Fleet.Machine machine) throws Exception {
            machine.pause();
        }

        @Override
        void repair(Fleet.Machine machine) throws Exception {
            machine.resume();
        }
    },
    PARTITIONED("its cable cut") {
        @Override
        void inject(Fleet.Machine machine) throws Exception {
            machine.cut();
        }

        @Override
        void repair(Fleet.Machine machine) throws Exception {
            machine.mend();
        }
    },
    THROTTLED("its network throttled to 500 kbit/s, delayed by 150 ms where the kernel can") {
        @Override
        void inject(Fleet.Machine machine) throws Exception {
            if (!machine.slow("500kbit", "150ms")) {
                machine.slow("500kbit");
            }
        }

        @Override
        void repair(Fleet.Machine machine) throws Exception {
            machine.clear();
        }
    },
    DISK_FULL("its disk filled") {
        @Override
        void inject(Fleet.Machine machine) throws Exception {
            machine.run("sh", "-c", "cat /dev/zero > /nix/ballast 2>/dev/null");
        }

        @Override
        void repair(Fleet.Machine machine) throws Exception {
            machine.run("rm", "/nix/ballast").orFail();
        }
    },
    BUILDERS_KILLED("the processes of its builds killed") {
        @Override
        void inject(Fleet.Machine machine) throws Exception {
            machine.processes("/bin/sh -e -c").forEach(ProcessHandle::destroyForcibly);
        }

        @Override
        void repair(Fleet.Machine machine) {}
    };

    private final String words;

    ChaosFault(String words) {
        this.words = words;
    }

    /// What has happened to the machine, in words.
    String words() {
        return words;
    }

    abstract void inject(Fleet.Machine machine) throws Exception;

    /// Makes the machine as it was.
    abstract void repair(Fleet.Machine machine) throws Exception;
}
