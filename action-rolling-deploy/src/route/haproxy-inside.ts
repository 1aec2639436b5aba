/**
 * Functions inside a HAProxy container. `talk LINE` asks its runtime API (management guide 9.3), over the sockets that
 * its configuration names; images have at best one of nc, bash and socat. 4: no socket. 5: nothing that can talk to it.
 * `servers` sets `list`, one line a server, `backend/server address operation admin name`, from `show servers state` (its
 * columns: 9.3 too). Operation 2 is up; admin 8 is drained by hand, 32 has no address in DNS.
 * These are asked many times a second on the processors that serve. So answers are cut by expansions: `read` takes a
 * system call a byte, and a pipe or a `$( )` is a process more.
 */
const insideFunctions = `
find_sockets() {
  files="/usr/local/etc/haproxy /etc/haproxy"
  for p in /proc/[0-9]*; do
    set -- $(tr '\\0' ' ' < "$p/cmdline" 2>/dev/null)
    case \${1:-} in *haproxy*) while [ $# -gt 1 ]; do [ "$1" != -f ] || files="$files $2"; shift; done ;; esac
  done
  grep -rhsE '^[[:space:]]*stats[[:space:]]+socket[[:space:]]' $files | sed -E 's/^[[:space:]]*stats[[:space:]]+socket[[:space:]]+([^[:space:]]+).*/\\1/'
}
sockets=$(find_sockets)
talk() {
  [ -n "$sockets" ] || return 4
  for socket in $sockets; do
    case $socket in
      /*|unix@*)
        path=\${socket#unix@}
        command -v socat >/dev/null 2>&1 && { printf '%s\\n' "$1" | socat -t 5 - "UNIX-CONNECT:$path" && return 0; }
        ;;
      *:*)
        port=\${socket##*:} address=\${socket%:*} address=\${address#ipv4@}
        case $address in ''|'*'|0.0.0.0) address=127.0.0.1 ;; esac
        if command -v nc >/dev/null 2>&1; then
          nc "$address" "$port" <<LINE && return 0
$1
LINE
        elif [ -x /bin/busybox ]; then printf '%s\\n' "$1" | /bin/busybox nc "$address" "$port" && return 0
        elif command -v bash >/dev/null 2>&1; then
          bash -c 'exec 3<>"/dev/tcp/$1/$2" && printf "%s\\n" "$3" >&3 && cat <&3' bash "$address" "$port" "$1" && return 0
        elif command -v socat >/dev/null 2>&1; then printf '%s\\n' "$1" | socat -t 5 - "TCP:$address:$port" && return 0
        fi
        ;;
    esac
  done
  return 5
}
nl='
'
set -f
servers() {
  answer=$(talk 'show servers state') || return $?
  list= blanks=$IFS IFS=$nl
  for row in $answer; do
    IFS=$blanks
    set -- $row
    case \${6:-} in [0-9]*) list="$list$2/$4 $5 $6 $7 \${18:-}$nl" ;; esac
  done
  IFS=$blanks
}
order() {
  said=$(talk "$1") || exit 7
  case $said in *[!\\ ]*) printf '%s: %s\\n' "$1" "$said"; exit 7 ;; esac
}
holds() { case " $1 " in *" $2 "*) return 0 ;; esac; return 1; }
nap() { count=$((count + $1)); sleep "0.$1" 2>/dev/null || { sleep 1; count=$((count + 10 - $1)); }; }`;

/**
 * Inside: $1 tenths of a second to wait for requests in flight, $2 addresses of the container that goes, $3 of those that
 * stay. Prints `drained` where it has a server with the former, `busy` where some are still in flight, `deaf` when
 * nothing can talk to it. 6: no other server is up after 10 s, so draining would be an outage.
 */
const drainText = `
tenths=$1 gone=$2 stay=$3 count=0
while :; do
  servers
  case $? in 0) ;; 4|5) echo deaf; exit 0 ;; *) exit 7 ;; esac
  slots= needs= ready= up=' ' blanks=$IFS IFS=$nl
  for row in $list; do
    IFS=$blanks
    set -- $row
    if holds "$gone" "$2"; then slots="$slots $1" needs="$needs \${1%/*}"
    elif holds "$stay" "$2"; then
      if [ $(($4 & 8)) -ne 0 ]; then ready="$ready $1"
      elif [ "$3" = 2 ] && [ "$4" = 0 ]; then up="$up\${1%/*} "; fi
    fi
  done
  IFS=$blanks
  [ -n "$slots" ] || exit 0
  for slot in $ready; do order "set server $slot state ready"; done
  missing=
  for be in $needs; do holds "$up" "$be" || missing=$be; done
  [ -z "$missing" ] && break
  [ "$count" -lt 100 ] || { echo "backend $missing"; exit 6; }
  nap 1
done
for slot in $slots; do order "set server $slot state drain"; done
servers || exit 7
blanks=$IFS IFS=$nl
for row in $list; do
  IFS=$blanks
  set -- $row
  if holds "$slots" "$1" && [ $(($4 & 8)) -eq 0 ]; then echo "$1 is not drained"; exit 7; fi
done
IFS=$blanks
count=0
while :; do
  busy=
  stats=$(talk 'show stat -1 4 -1') || exit 7
  blanks=$IFS IFS=$nl
  for row in $stats; do
    IFS=,
    set -- $row
    if holds "$slots" "$1/$2" && [ "$5" != 0 ]; then busy=busy; fi
  done
  IFS=$blanks
  [ -n "$busy" ] && [ "$count" -lt "$tenths" ] || break
  nap 2
done
echo "drained $busy"`;

/**
 * Inside: $1 addresses of the service's containers, $2 its names. Puts drained servers of that name back in use, once they
 * no longer have the address of a container that is gone, or HAProxy itself knows it down.
 */
const settleText = `
here=$1 names=$2 count=0
while :; do
  servers
  case $? in 0) ;; 4|5) exit 0 ;; *) exit 7 ;; esac
  left= blanks=$IFS IFS=$nl
  for row in $list; do
    IFS=$blanks
    set -- $row
    [ $(($4 & 8)) -ne 0 ] && holds "$names" "$5" || continue
    if holds "$here" "$2" || [ "$3" = 0 ] || [ "$count" -ge 50 ]; then order "set server $1 state ready"
    else left=$1; fi
  done
  IFS=$blanks
  [ -n "$left" ] || exit 0
  nap 2
done`;

/** Both as programs of their own, told by arguments. */
export const drainInside = insideFunctions + drainText;
export const settleInside = insideFunctions + settleText;

/**
 * Both in one program, told by its stdin as often as needed: four lines each time, what to do and three arguments. Behind
 * each answer stands `end` with the exit code. It ends with its stdin, and then gives nothing back: who let go of it may
 * have died, and the container that was drained may be on its way to its end.
 */
export const sessionInside = `${insideFunctions}
drain() {${drainText}
}
settle() {${settleText}
}
exec 3<&0 </dev/null
while IFS= read -r verb <&3 && IFS= read -r one <&3 && IFS= read -r two <&3 && IFS= read -r three <&3; do
  case $verb in
    drain) (drain "$one" "$two" "$three") ;;
    settle) (settle "$one" "$two") ;;
  esac
  printf '\\nend %s\\n' "$?"
done`;
