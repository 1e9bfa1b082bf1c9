// The platforms that have a prebuilt addon.

/** The oldest glibc on which the addons for Linux load: that of Debian 10, RHEL 8 and Ubuntu 18.10. */
export const GLIBC = '2.28'

/** The oldest macOS: the first for arm64. */
const MACOS = '11.0'

/**
 * `name` is the package's, after `@gru-native/`. `os`, `cpu` and `libc` are npm's names, `triple` is Zig's, and `system`
 * and `processor` are CMake's.
 */
export const TARGETS = [
  linux('linux-x64', 'x64', 'glibc', `gnu.${GLIBC}`),
  linux('linux-arm64', 'arm64', 'glibc', `gnu.${GLIBC}`),
  linux('linuxmusl-x64', 'x64', 'musl', 'musl'),
  linux('linuxmusl-arm64', 'arm64', 'musl', 'musl'),
  other('win32-x64', 'win32', 'x64', 'Windows', 'windows-gnu'),
  other('darwin-arm64', 'darwin', 'arm64', 'Darwin', `macos.${MACOS}`),
  other('darwin-x64', 'darwin', 'x64', 'Darwin', `macos.${MACOS}`),
]

function target({ name, os, cpu, libc, system, abi }) {
  const processor = { x64: 'x86_64', arm64: 'aarch64' }[cpu]
  return { name, os, cpu, libc, system, processor, triple: `${processor}-${abi}` }
}

function linux(name, cpu, libc, abi) {
  return target({ name, os: 'linux', cpu, libc, system: 'Linux', abi: `linux-${abi}` })
}

function other(name, os, cpu, system, abi) {
  return target({ name, os, cpu, system, abi })
}

/** What package.json says of where a package is installed; no limits where nothing is given. */
export const limitsOf = ({ os, cpu, libc }) =>
  Object.fromEntries(
    Object.entries({ os, cpu, libc })
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, [value]]),
  )

export const packageName = ({ name }) => `@gru-native/${name}`
