/// Virtual machines under a QEMU of their own: how one is started, found again after a crash of the dispatcher, and
/// powered down. When that happens is decided in `dispatcher.machine.provider`, and nothing here knows of SSH. Start
/// with [dispatcher.machine.provider.qemu.QemuProvider].
@NullMarked
package dispatcher.machine.provider.qemu;

import org.jspecify.annotations.NullMarked;
