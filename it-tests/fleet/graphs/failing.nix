# A build that writes some lines of log and fails with the given exit status.
{ salt, lines ? "3", status ? "3", seconds ? "0" }:
(import ./lib.nix).sh {
  name = "failing";
  script = ''
    i=1
    while [ $i -le ${lines} ]; do echo "line $i of ${salt}"; i=$((i + 1)); done
    sleep ${seconds}
    echo "giving up" >&2
    exit ${status}
  '';
}
