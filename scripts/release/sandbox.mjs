// Takes from a command what a user's machine may lack. Each function returns the command that does so; it needs root.

/** Without a network. */
export const offline = (command) => ['/usr/bin/unshare', '--net', ...command]

/** Mounts that only the command sees, and a try that must fail. It leaves the command's PATH as it is. */
const READ_ONLY = `
(
  PATH=/usr/sbin:/usr/bin:/sbin:/bin
  mount -o remount,bind,ro / && mount --bind "$0" "$0" && mount -o remount,bind,ro "$0"
) || exit
if (: > "$0/written") 2> /dev/null; then
  echo "$0 is not read-only" >&2
  exit 1
fi
exec "$@"`

/** Where neither the folder nor the system's root can be written. */
export const readOnly = (folder, command) => [
  ...['/usr/bin/unshare', '--mount', '/bin/sh', '-c', READ_ONLY, folder],
  ...command,
]
