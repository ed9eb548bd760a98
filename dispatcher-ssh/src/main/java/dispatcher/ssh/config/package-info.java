/// OpenSSH's files of settings for clients (ssh_config): what they say of a host. Keys and known_hosts are in
/// `ssh.keys`; what is done with all that, in `ssh.client`. Start with `SshConfig`.
@NullMarked
package dispatcher.ssh.config;

import org.jspecify.annotations.NullMarked;
