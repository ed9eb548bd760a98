package dispatcher.simulate.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.simulate.Scenarios;
import dispatcher.simulate.generate.Generator;
import dispatcher.simulate.model.Scenario;
import dispatcher.testkit.Seeds;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TraceTest {
    private static final String HEAD = "{\"trace\":\"dispatcher\",\"version\":1}";
    private static final String MACHINE = "{\"machine\":\"m\",\"systems\":[\"x86_64-linux\"]}";

    private static Scenario read(String name, List<String> lines) {
        var reader = new TraceReader(name);
        lines.forEach(reader::line);
        return reader.scenario();
    }

    @Test
    void whatIsWrittenIsReadAgain() {
        Seeds.run(30, random -> {
            var scenario = Scenarios.any(random);
            assertThat(read("any", TraceWriter.lines(scenario).toList())).isEqualTo(scenario);
        });
        var generated = Generator.DYING_MACHINES.make(1);
        assertThat(read(generated.name(), TraceWriter.lines(generated).toList()))
                .isEqualTo(generated);
    }

    @Test
    void aPersonNeedsToWriteLittle() {
        var build = "{\"build\":\"b\",\"client\":\"me\",\"system\":\"x86_64-linux\",\"work\":2.5}";
        var scenario = read("t", List.of(HEAD, "", MACHINE, build));
        assertThat(scenario.jobs()).singleElement().satisfies(job -> {
            assertThat(job.name()).isEqualTo("b");
            assertThat(job.work()).hasMillis(2500);
            assertThat(job.estimate()).isEmpty();
        });
        assertThat(scenario.hosts())
                .singleElement()
                .satisfies(host -> assertThat(host.speed()).isEqualTo(1));
        assertThat(scenario.clients())
                .singleElement()
                .satisfies(client -> assertThat(client.name()).isEqualTo("me"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {"machine":"n","systems":["x"],"maxjobs":3}          | unknown member 'maxjobs'
            {"machine":"n","systems":[]}                         | builds for no system
            {"machine":"n","systems":["x"],"speed":0}            | 'speed' is 0, and should be above 0
            {"build":"b","client":"c","system":"x"}              | 'work' is missing
            {"build":"b","client":"c","system":"x","work":-1}    | 'work' is -1, and should be a number
            {"build":"b","client":"c","system":"x","work":1e300} | 'work' is 1.0E300, and should be a number
            {"build":"b","client":"c","system":"x","work":0}     | build b takes no time
            {"path":"p","bytes":1.5}                             | 'bytes' is 1.5, and should be a whole number
            {"something":1}                                      | the line is about nothing known
            {"machine"                                           | not JSON: at position 10
            []                                                   | no JSON object
            """)
    void aLineThatIsWrongIsNamed(String line, String fault) {
        var reader = new TraceReader("t");
        reader.line(HEAD);
        reader.line(MACHINE);
        assertThatThrownBy(() -> reader.line(line))
                .isInstanceOfSatisfying(
                        TraceException.class, e -> assertThat(e.line()).isEqualTo(3))
                .hasMessageContaining(fault);
    }

    @Test
    void anotherVersionOrAnotherFileIsRefused() {
        assertThatThrownBy(() -> new TraceReader("t").line("{\"trace\":\"dispatcher\",\"version\":2}"))
                .hasMessage("version 2 of traces; this program reads version 1");
        assertThatThrownBy(() -> new TraceReader("t").line(MACHINE)).hasMessageContaining("no trace: it begins with");
        assertThatThrownBy(() -> new TraceReader("t").scenario()).hasMessage("the trace is empty");
    }

    @Test
    void whatDoesNotGoTogetherIsRefused() {
        var build = "{\"build\":\"b\",\"client\":\"c\",\"system\":\"x\",\"work\":1,\"needs\":[\"a\"]}";
        assertThatThrownBy(() -> read("t", List.of(HEAD, MACHINE, build)))
                .hasMessage("build b names build 'a', which is nowhere");
        var circle = build.replace("\"a\"", "\"b\"");
        assertThatThrownBy(() -> read("t", List.of(HEAD, MACHINE, circle))).hasMessageContaining("in a circle");
        assertThatThrownBy(() -> read("t", List.of(HEAD, MACHINE, MACHINE, circle)))
                .hasMessage("machine 'm' is there twice");
    }
}
