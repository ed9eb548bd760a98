package dispatcher.access;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MachineChoiceTest {
    @Test
    void onlyALoginThatSaysSoChoosesAMachine() {
        assertThat(MachineChoice.ofLogin("machine+arm-1")).contains("arm-1");
        assertThat(MachineChoice.ofLogin(MachineChoice.login("arm-1"))).contains("arm-1");
        // The name of a machine is the name of a login, too, now and then.
        assertThat(MachineChoice.ofLogin("arm-1")).isEmpty();
        assertThat(MachineChoice.ofLogin("machine-arm-1")).isEmpty();
        assertThat(MachineChoice.ofLogin("nix")).isEmpty();
    }

    @Test
    void namesWithCharactersThatMeanSomethingToOthersCannotBeWritten() {
        assertThat(new String[] {"a", "arm-1", "10.0.0.7", "m_2"}).allMatch(MachineChoice::canBeNamed);
        assertThat(new String[] {"", "a b", "fd00::1", "a@b", "a#2", "-a", "a%20b", "ä"})
                .noneMatch(MachineChoice::canBeNamed);
    }
}
