# A build that writes n lines of log, then what a terminal would choke on: a carriage return, colours, a
# long line, and a last line without an end; with `latin1` also bytes that are not UTF-8.
{ salt, n ? "1000", latin1 ? "no" }:
(import ./lib.nix).sh {
  name = "noisy";
  script = ''
    seq 1 ${n} | sed 's/^/line ${salt} /'
    printf 'progress 1\rprogress 2\n'
    printf '\033[31mred\033[0m\n'
    [ ${latin1} = no ] || printf 'latin1 \351\n'
    head -c 20000 /dev/zero | tr '\0' x; echo
    echo ok > $out
    printf 'no end of line'
  '';
}
