package dispatcher.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MachineExamTest {
    private static final Instant ASKED = Instant.ofEpochSecond(1_000_000);
    private static final String ANSWER = """
            Welcome!

            @@exam-clock
            1000042

            @@exam-sshd
            maxsessions 4
            maxstartups 10:30:100
            persourcepenalties crash:90 authfail:5

            @@exam-sshdfiles
            MaxSessions 99

            @@exam-inodes
            Filesystem      Inodes  IUsed   IFree IUse% Mounted on
            /dev/vda1      2621440 250000 2371440   93% /

            @@exam-config
            max-jobs = 8
            min-free = 0

            @@exam-end
            """;

    @Test
    void whatTheMachineSaysIsRead() {
        var exam = MachineExam.parse(ANSWER, ASKED);

        assertThat(exam.number("maxsessions")).contains(4);
        assertThat(exam.number("maxstartups")).contains(10);
        assertThat(exam.exact()).isTrue();
        assertThat(exam.inodes()).contains(93);
        assertThat(exam.ahead()).contains(Duration.ofSeconds(42));
        assertThat(exam.conf().value("max-jobs")).contains("8");
    }

    @Test
    void theFilesOfSshdCountWhereSshdMayNotBeAsked() {
        var exam = MachineExam.parse(ANSWER.replaceAll("(?s)maxsessions 4.*?\n\n", "\n"), ASKED);

        assertThat(exam.number("maxsessions")).contains(99);
        assertThat(exam.exact()).isFalse();
    }

    @Test
    void aLoginThatMayRunNothingSaysNothing() {
        var exam = MachineExam.parse("This account is for builds only.\n", ASKED);

        assertThat(exam).isEqualTo(MachineExam.parse("", ASKED));
        assertThat(exam.ahead()).isEmpty();
        assertThat(exam.sshd()).isEmpty();
    }

    @Test
    void ourClockIsWrongIfAllMachinesAgree() {
        var minute = Duration.ofMinutes(1);

        assertThat(Doctor.ownClock(List.of(minute, minute)).map(Finding::state)).contains(Finding.State.WARNING);
        assertThat(Doctor.ownClock(List.of(minute.negated(), minute.negated())).map(Finding::why))
                .contains("the clock of this host is ahead of those of all machines");
        assertThat(Doctor.ownClock(List.of(minute, Duration.ZERO)).map(Finding::state))
                .contains(Finding.State.OK);
        assertThat(Doctor.ownClock(List.of(minute))).isEqualTo(Optional.empty());
    }
}
