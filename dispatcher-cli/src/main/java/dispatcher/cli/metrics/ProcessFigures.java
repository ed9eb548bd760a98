package dispatcher.cli.metrics;

import java.lang.management.ManagementFactory;
import java.time.Duration;

/// The dispatcher's own program. Nothing of it is loaded before the first request.
final class ProcessFigures {
    private static final double MILLIS = 1000.0;
    private static final double NANOS = 1e9;

    private ProcessFigures() {}

    static void print(Exposition out) {
        out.metric("process_start_time_seconds", "gauge", "When the program was started, since 1970.")
                .sample(ManagementFactory.getRuntimeMXBean().getStartTime() / MILLIS);
        out.metric("process_cpu_seconds_total", "counter", "Time that processors have spent on it.")
                .sample(ProcessHandle.current()
                                .info()
                                .totalCpuDuration()
                                .orElse(Duration.ZERO)
                                .toNanos()
                        / NANOS);
        var memory = ManagementFactory.getMemoryMXBean();
        out.metric("jvm_memory_used_bytes", "gauge", "Memory that is in use.")
                .sample(memory.getHeapMemoryUsage().getUsed(), "area", "heap")
                .sample(memory.getNonHeapMemoryUsage().getUsed(), "area", "nonheap");
        out.metric("jvm_memory_max_bytes", "gauge", "Memory that it may use at most.")
                .sample(memory.getHeapMemoryUsage().getMax(), "area", "heap");
        out.metric("jvm_threads", "gauge", "Platform threads.")
                .sample(ManagementFactory.getThreadMXBean().getThreadCount());
        double pauses = 0;
        for (var collector : ManagementFactory.getGarbageCollectorMXBeans())
            pauses += Math.max(0, collector.getCollectionTime()) / MILLIS;
        out.metric("jvm_gc_seconds_total", "counter", "Time spent on collecting garbage.")
                .sample(pauses);
    }
}
