package dispatcher.ssh.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AddressPatternsTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    10.0.0.0/8            | 10.200.3.4      | true
                    10.0.0.0/8            | 11.0.0.1        | false
                    10.0.0.7              | 10.0.0.7        | true
                    10.0.0.7              | 10.0.0.70       | false
                    10.0.0.*              | 10.0.0.70       | true
                    10.0.0.?              | 10.0.0.70       | false
                    1.*.3.4               | 1.2.3.4         | true
                    10.0.0.*              | 100.0.0.1       | false
                    *                     | 192.0.2.1       | true
                    *                     | 2001:db8::1     | true
                    0.0.0.0/0             | 192.0.2.1       | true
                    0.0.0.0/0             | 2001:db8::1     | false
                    10.0.0.0/8,!10.1.0.0/16 | 10.1.2.3      | false
                    !10.1.0.0/16,10.0.0.0/8 | 10.1.2.3      | false
                    !10.1.0.0/16,10.0.0.0/8 | 10.2.2.3      | true
                    2001:db8::/32         | 2001:db8:0:1::5 | true
                    2001:db8::/32         | 2001:db9::5     | false
                    2001:0DB8::1          | 2001:db8::1     | true
                    2001:db8::/33         | 2001:db8:8000::1 | false
                    10.0.0.0/8            | ::ffff:10.1.2.3 | true
                    ci.example.org,10.0.0.1 | 10.0.0.1      | true
                    192.0.2.5/32          | 192.0.2.5       | true
                    """)
    void matchesAsOpenSshDoes(String patterns, String address, boolean matches) throws Exception {
        assertThat(AddressPatterns.parse(patterns).matches(InetAddress.ofLiteral(address)))
                .isEqualTo(matches);
    }

    @Test
    void namesOfHostsAreKept() {
        assertThat(AddressPatterns.parse("*.example.org,10.0.0.1,ci").hosts()).containsExactly("*.example.org", "ci");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "10.0.0.1,",
                "10.0.0.0/33",
                "10.0.0.0/x",
                "10.0.0.1/8",
                "10.1/16",
                "300.0.0.1",
                "2001:db8::*",
                "2001:db8::1/32",
                "2001:xyz::1",
                "*.example.org",
                "10.0.0.1,!bad.example.org",
                "!10.0.0.1",
                "10.0.0.1 10.0.0.2",
                "host name",
            })
    void whatCannotBeHonouredIsRefused(String patterns) {
        assertThatThrownBy(() -> AddressPatterns.parse(patterns))
                .isInstanceOf(IllegalArgumentException.class)
                .message()
                .isNotBlank();
    }

    @Test
    void errorOfANetworkWithMoreBitsSaysHowToWriteIt() {
        assertThatThrownBy(() -> AddressPatterns.parse("10.1.2.3/8")).hasMessageContaining("write 10.0.0.0/8");
    }
}
