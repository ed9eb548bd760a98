package dispatcher.cli.ondemand;

import dispatcher.cli.api.MachinePower;
import dispatcher.cli.settings.value.ByteSize;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/// `dispatcher machine resize`.
@Command(
        name = "resize",
        description = {
            "Give a container or a virtual machine another size: at once if it is off or not used, else when its last use"
                    + " ends.",
            "What is not given is as in the settings; so without any option the settings count again. The size also counts"
                    + " after a restart of the dispatcher, until the settings have another one."
        },
        footer = "Exit status 1 if the machine could not be started again.",
        mixinStandardHelpOptions = true)
final class MachineResizeCommand extends PowerCommand {
    @Option(names = "--cores", paramLabel = "NUMBER", description = "Processors.")
    private Optional<Integer> cores = Optional.empty();

    @Option(names = "--memory", paramLabel = "SIZE", converter = SizeConverter.class, description = "Such as 8GiB.")
    private Optional<ByteSize> memory = Optional.empty();

    @Option(
            names = "--disk",
            paramLabel = "SIZE",
            converter = SizeConverter.class,
            description = "Of a virtual machine, such as 40GiB. A disk only grows.")
    private Optional<ByteSize> disk = Optional.empty();

    @Option(names = "--wait", description = "Return when it is ready again, or could not be started.")
    private boolean wait;

    /// For the command line.
    static final class SizeConverter implements ITypeConverter<ByteSize> {
        @Override
        public ByteSize convert(String text) {
            try {
                return ByteSize.parse(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(String.valueOf(e.getMessage()));
            }
        }
    }

    @Override
    public Integer call() throws InterruptedException {
        var size = new MachinePower.Size(
                cores.map(Integer::doubleValue), memory.map(ByteSize::bytes), disk.map(ByteSize::bytes));
        var answer = post(MachinePower.RESIZE_PATH, "resize", size);
        return show(wait ? awaitEnd("resize") : answer);
    }
}
