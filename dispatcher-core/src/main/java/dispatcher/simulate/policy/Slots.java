package dispatcher.simulate.policy;

import dispatcher.simulate.model.Plan;

/// How many slots of each machine are taken. Confined to one thread.
final class Slots {
    private final Plan plan;
    private final int[] taken;

    Slots(Plan plan) {
        this.plan = plan;
        this.taken = new int[plan.hosts()];
    }

    int taken(int host) {
        return taken[host];
    }

    boolean isFree(int host) {
        return taken[host] < plan.host(host).machine().maxJobs();
    }

    double speed(int host) {
        return plan.host(host).machine().speedFactor();
    }

    void take(int host) {
        taken[host]++;
    }

    void release(int host) {
        taken[host]--;
    }
}
