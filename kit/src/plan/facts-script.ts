/**
 * What the assessment asks about room: memory, disks, sizes. Changes nothing.
 *
 * $1 deploy-path, $2 `pull` where images will be pulled, then two lists with one entry a line, each may be empty: $3 ids
 * of the project's running containers, $4 ids of images. $5 what the template below prints of the former, where the caller
 * knows it already.
 *
 * A section begins with `## name`. What cannot be found out is left out, or `-`.
 *
 * - Memory in use is what `docker stats` shows: usage without the file cache that the kernel gives back first. It is read
 *   from the cgroup, v1 or v2, which takes a millisecond; `docker stats` takes two seconds and is asked only about
 *   containers whose files cannot be read.
 * - The signals of a container's first process: the kernel drops a signal to a process number 1 that neither catches nor
 *   waits for it. What stands in /proc is true, whoever wrote the image.
 * - With the containerd image store, images are not below Docker's root. Only a pull asks for that place: `docker info`
 *   is slow.
 * - A template with a key that Docker left out (StopSignal, where the image has none) fails as a whole; `index` does not.
 */
export const roomScript = `
path=$1 pull=$2 ids=$3 images=$4 found=\${5:-}
usage() {
  groups=$(cat "/proc/$1/cgroup" 2>/dev/null) || return 1
  one=$(printf '%s\\n' "$groups" | sed -n 's/^[0-9]*:memory://p')
  two=$(printf '%s\\n' "$groups" | sed -n 's/^0:://p')
  if [ -n "$one" ] && [ -r "/sys/fs/cgroup/memory$one/memory.usage_in_bytes" ]; then
    folder=/sys/fs/cgroup/memory$one file=memory.usage_in_bytes cache=total_inactive_file
  elif [ -n "$two" ] && [ -r "/sys/fs/cgroup$two/memory.current" ]; then
    folder=/sys/fs/cgroup$two file=memory.current cache=inactive_file
  else
    return 1
  fi
  used=$(cat "$folder/$file") && cached=$(sed -n "s/^$cache //p" "$folder/memory.stat") || return 1
  echo $((used - \${cached:-0}))
}
space() {
  folder=$2
  until df -Pk "$folder" >/dev/null 2>&1; do
    case $folder in /*/*) folder=\${folder%/*} ;; /) return ;; *) folder=/ ;; esac
  done
  blocks=$(df -Pk "$folder" 2>/dev/null | tail -n 1)
  inodes=$(df -Pi "$folder" 2>/dev/null | tail -n 1)
  set -f; set -- "$1" "$2" $blocks
  free=\${6:--}
  set -- "$1" "$2" $inodes
  printf '%s %s %s %s %s\\n' "$1" "$free" "\${4:--}" "\${6:--}" "$2"
  set +f
}
echo '## memory'
sed -n 's/^\\(MemTotal\\|MemAvailable\\|SwapFree\\): *\\([0-9]*\\) kB$/\\1 \\2/p' /proc/meminfo 2>/dev/null
echo '## containers'
unread=
if [ -n "$ids" ]; then
  [ -n "$found" ] || found=$(docker inspect --format '{{.Id}} {{.State.Pid}} {{.HostConfig.PidMode}}/{{json (index .Config "StopSignal")}}' $ids 2>/dev/null)
  while read -r id pid signal; do
    [ -n "$id" ] || continue
    used=$(usage "$pid" 2>/dev/null) || { used=-; unread="$unread $id"; }
    caught=$(sed -n 's/^SigCgt:[[:space:]]*//p' "/proc/$pid/status" 2>/dev/null)
    blocked=$(sed -n 's/^SigBlk:[[:space:]]*//p' "/proc/$pid/status" 2>/dev/null)
    name=$(tr '\\000' '\\n' < "/proc/$pid/cmdline" 2>/dev/null | head -n 1)
    name=\${name%% *} name=\${name##*/}
    printf '%s %s %s %s %s %s\\n' "$id" "$used" "\${caught:--}" "\${blocked:--}" "$signal" "\${name%:}"
  done <<END
$found
END
fi
echo '## stats'
[ -z "$unread" ] || docker stats --no-stream --no-trunc --format '{{.ID}} {{.MemUsage}}' $unread 2>/dev/null
echo '## images'
[ -z "$images" ] || docker image inspect --format '{{.Id}} {{.Size}}' $images 2>/dev/null
echo '## disks'
space deploy-path "$path"
if [ "$pull" = pull ]; then
  root=$(docker info --format '{{.DockerRootDir}} {{json .DriverStatus}}' 2>/dev/null)
  store=\${root%% *}
  case $root in *io.containerd.snapshotter*) [ ! -d /var/lib/containerd ] || store=/var/lib/containerd ;; esac
  [ -z "$store" ] || space images "$store"
fi
exit 0`;

/**
 * What the assessment asks about networks and volumes; it runs beside the other. Changes nothing.
 *
 * $1 project, then two lists with one entry a line, each may be empty: $2 networks, $3 volumes. The rest is a
 * `docker compose` command line that asks Compose what it would do with the networks and volumes of the model on stdin;
 * without a rest, and where no network or volume carries the hash that Compose compares, it is not asked.
 */
export const networksScript = `
project=$1 networks=$2 volumes=$3
shift 3
echo '## networks'
found=$(docker network ls --format '{{.Name}}' --filter "label=com.docker.compose.project=$project" 2>/dev/null)
all=$(printf '%s\\n' $networks $found | sort -u)
found=
[ -z "$all" ] || found=$(docker network inspect --format '{{json .}}' $all 2>/dev/null)
printf '%s\\n' "$found"
echo '## volumes'
more=
[ -z "$volumes" ] || more=$(docker volume inspect --format '{{json .}}' $volumes 2>/dev/null)
printf '%s\\n' "$more"
echo '## compose'
case $found$more in *com.docker.compose.config-hash*) [ $# -eq 0 ] || "$@" 2>&1 ;; esac
exit 0`;

/** What could be given back, by kind: `Images 3.2GB (70%)`. Takes seconds, so it is asked only where space is short. */
export const reclaimableScript = `docker system df --format '{{.Type}} {{.Reclaimable}}'`;
