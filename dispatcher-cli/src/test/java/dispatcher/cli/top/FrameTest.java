package dispatcher.cli.top;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.text.Printable;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jline.utils.AttributedString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FrameTest {
    private static final int PAGE = 10;

    private static List<String> lines(Picture picture, Screen screen, int width, int height) {
        return new Frame(picture, Optional.empty(), screen, width, height)
                .lines().stream()
                        .map(AttributedString::toString)
                        .map(String::stripTrailing)
                        .toList();
    }

    private static Screen after(Picture picture, Key... keys) {
        var screen = Screen.FIRST;
        for (var key : keys) screen = screen.on(key, picture, PAGE).screen();
        return screen;
    }

    private static Pictures fleet() {
        return new Pictures()
                .machine("builder-1", "ready", "", "hello-2.12", "gcc-14")
                .machine("builder-2", "set-aside", "it refused the connection")
                .waits("linux-6.18", "ci");
    }

    @Test
    void everythingHasItsPlaceOnAUsualTerminal() {
        var picture = fleet().event("building", "hello-2.12", "builder-1", "")
                .event("placed", "gcc-14", "builder-1", "")
                .take();

        assertThat(String.join("\n", lines(picture, Screen.FIRST, 100, 20))).isEqualTo("""
                2 running on 8 slots   1 waiting, the oldest for 3 min   1 of 2 machines usable   1 with trouble
                last hour: 3 built, 1 failed

                > Machines: 2, at 1
                  MACHINE    STATE      SLOTS         BUILDS FOR    WHY
                * builder-1  ready      2/8 ##......  x86_64-linux
                  builder-2  set-aside  0/8 ........  x86_64-linux  it refused the connection

                  Running builds: 2
                  BUILD       MACHINE    CLIENT  PHASE       FOR     SHOULD END
                  hello-2.12  builder-1  ci      building    10 min  in 3 min
                  gcc-14      builder-1  ci      copying in  10 min  in 3 min

                  Queue: 1
                  PLACE   BUILD       CLIENT  NEEDS                  FOR    SHOULD START
                  1 of 7  linux-6.18  ci      x86_64-linux with kvm  3 min  in 30 s



                q quit  ? help  Tab list  / filter  d drain  r resume  c cancel""");
    }

    @Test
    void aColumnInWhichNothingStandsTakesNoRoom() {
        var picture =
                new Pictures().machine("builder-1.example.org", "ready", "").take();

        assertThat(lines(picture, Screen.FIRST, 50, 30))
                .anyMatch(line -> line.startsWith("* builder-1.example.org  ready"))
                .noneMatch(line -> line.contains("WHY"));
    }

    @Test
    void aNarrowTerminalKeepsWhatCountsMost() {
        var text = String.join("\n", lines(fleet().take(), Screen.FIRST, 40, 30));

        assertThat(text)
                .contains("hello-2.12", "builder-1", "10 min", "linux-6.18")
                .doesNotContain("CLIENT", "SHOULD END");
    }

    @ParameterizedTest
    @CsvSource({"40,10", "40,24", "80,8", "80,24", "80,60", "200,24", "200,60", "12,5", "1,1", "3,2"})
    void noNameMakesALineTooWideOrMovesTheCursor(int width, int height) {
        var pictures = new Pictures().refused(2);
        for (var name : List.of(
                "構築機械一号機器構築機械", "a\u001b[2Jb\r\n", "\u202eevil", "e\u0301\u0301\u0301", "👩‍👩‍👧", "x".repeat(300)))
            pictures.machine(name, "drained", name + name, "hello").waits("n" + "a".repeat(200), name);
        var picture = pictures.take();
        for (var screen : List.of(
                Screen.FIRST,
                after(picture, Key.sign('?')),
                after(picture, Key.sign('/'), Key.sign('構')),
                after(picture, Key.sign('r')),
                after(picture, Key.of(Key.Kind.TAB), Key.sign('c'), Key.sign(0x202e)))) {
            var frame = new Frame(picture, Optional.of("lost\u001b[31m\nnow"), screen, width, height).lines();

            assertThat(frame).hasSize(height).allSatisfy(line -> {
                assertThat(line.columnLength()).isLessThanOrEqualTo(width);
                assertThat(line.toString().codePoints()).noneMatch(Printable::isOdd);
            });
        }
    }

    @Test
    void wideSignsStandInTheirColumns() {
        var picture = new Pictures()
                .machine("構築", "ready", "")
                .machine("a", "ready", "")
                .take();

        var rows = lines(picture, Screen.FIRST, 80, 20).stream()
                .filter(line -> line.contains("0/8"))
                .map(line -> new AttributedString(line.substring(0, line.indexOf("ready"))).columnLength())
                .toList();
        assertThat(rows).containsExactly(11, 11);
    }

    @Test
    void theChosenRowIsSeenWhateverTheHeightAndItsListComesFirst() {
        var pictures = new Pictures();
        IntStream.range(0, 300).forEach(number -> pictures.machine("m%03d".formatted(number), "ready", ""));
        var picture = pictures.take();
        var end = after(picture, Key.of(Key.Kind.END));

        assertThat(lines(picture, end, 80, 12)).anyMatch(line -> line.startsWith("* m299"));
        assertThat(lines(picture, Screen.FIRST, 80, 12)).anyMatch(line -> line.startsWith("* m000"));
        assertThat(lines(picture, after(picture, Key.of(Key.Kind.PAGE_DOWN)), 80, 24))
                .anyMatch(line -> line.startsWith("* m010"))
                .anyMatch(line -> line.equals("> Machines: 300, at 11"));
        assertThat(lines(picture, end, 80, 6)).anyMatch(line -> line.startsWith("* m299"));
    }

    @Test
    void theCursorStaysOnItsRowWhenOthersComeAndGo() {
        var picture = fleet().take();
        var second = after(picture, Key.of(Key.Kind.DOWN));
        var more = fleet().machine("builder-0", "ready", "").take();
        var gone = new Pictures().machine("builder-9", "ready", "").take();

        assertThat(lines(more, second, 80, 30)).anyMatch(line -> line.startsWith("* builder-2"));
        assertThat(lines(gone, second, 80, 30)).anyMatch(line -> line.startsWith("* builder-9"));
    }

    @Test
    void aFilterIsForAllListsAndSaysHowManyItLeaves() {
        var picture = fleet().take();
        var filtered =
                after(picture, Key.sign('/'), Key.sign('G'), Key.sign('C'), Key.sign('C'), Key.of(Key.Kind.ENTER));

        var lines = lines(picture, filtered, 80, 30);

        assertThat(lines)
                .contains("> Machines: 0 of 2", "  No row has that text.", "  Running builds: 1 of 2")
                .anyMatch(line -> line.contains("gcc-14"))
                .noneMatch(line -> line.contains("hello"));
        assertThat(lines.getLast()).startsWith("only 'GCC'");
        assertThat(after(picture, Key.sign('/'), Key.sign('x'), Key.of(Key.Kind.ESCAPE)))
                .returns("", Screen::filter);
    }

    @Test
    void whatNoMachineTakesIsAWarningAndLongWaitsAreNot() {
        assertThat(lines(fleet().take(), Screen.FIRST, 80, 30)).noneMatch(line -> line.startsWith("!"));
        assertThat(lines(
                        fleet().refused(1)
                                .waitsInVain("a", "x")
                                .waitsInVain("b", "x")
                                .take(),
                        Screen.FIRST,
                        90,
                        30))
                .contains(
                        "! 1 build could go to no machine in the last hour: see `dispatcher builds --failed`",
                        "! 2 builds wait for machines that take no builds now");
    }

    @Test
    void anEmptyFleetIsShownAsSuch() {
        assertThat(lines(new Pictures().take(), Screen.FIRST, 80, 30))
                .contains("  There is no machine.", "  No build runs.", "  No build waits for a machine.");
    }

    @Test
    void itIsSaidThatThePictureIsOld() {
        var frame = new Frame(fleet().take(), Optional.of(Fleet.GONE), Screen.FIRST, 80, 30);

        assertThat(frame.lines()).extracting(AttributedString::toString).contains(Fleet.GONE);
    }

    @Test
    void allOfItIsPrintedAsTextWithoutMarks() {
        var pictures = fleet();
        IntStream.range(0, 100).forEach(number -> pictures.machine("m%03d".formatted(number), "ready", ""));

        var lines = new Frame(pictures.take(), Optional.empty(), Screen.FIRST, 80, 0).text(false);

        assertThat(lines).anyMatch(line -> line.contains("m099")).noneMatch(line -> line.startsWith("* "));
        assertThat(lines).contains("  Machines: 102");
    }

    @Test
    void listsShareWhatRoomThereIs() {
        assertThat(Heights.share(30, List.of(5, 5, 5), 0)).containsExactly(5, 5, 5);
        assertThat(Heights.share(20, List.of(100, 100, 100), 1)).containsExactly(5, 10, 5);
        assertThat(Heights.share(20, List.of(4, 100, 3), 0)).containsExactly(4, 13, 3);
        assertThat(Heights.share(8, List.of(100, 100, 100), 2)).containsExactly(0, 0, 8);
        assertThat(Heights.share(0, List.of(2, 2, 2), 2)).containsExactly(0, 0, 0);
    }

    @Test
    void theHelpNamesEveryKey() {
        var text = String.join("\n", lines(fleet().take(), after(fleet().take(), Key.sign('?')), 80, 30));

        assertThat(Stream.of("Tab", "PgUp", "/", "drain", "resume", "cancel", "quit"))
                .allMatch(text::contains);
    }
}
