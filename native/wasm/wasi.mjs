// The system calls (WASI preview 1) of a program that has a clock and environment variables and no files. Addresses arrive
// as signed numbers: from 2 GiB on they are negative, and `>>> 0` corrects them.

/** errno EBADF: there is no such file, and no other call is answered. */
const BAD_FILE = 8
const NANOSECONDS_PER_MILLISECOND = 1e6
const REALTIME_CLOCK = 0

function environmentCalls(view, bytes, variables) {
  const encoder = new TextEncoder()
  const entries = () =>
    Object.entries(variables).map(([name, value]) => encoder.encode(`${name}=${value}\0`))
  return {
    environ_sizes_get(count, size) {
      const all = entries()
      view().setUint32(count >>> 0, all.length, true)
      view().setUint32(
        size >>> 0,
        all.reduce((sum, entry) => sum + entry.length, 0),
        true,
      )
      return 0
    },
    environ_get(pointers, text) {
      let at = text >>> 0
      entries().forEach((entry, index) => {
        view().setUint32((pointers >>> 0) + 4 * index, at, true)
        bytes().set(entry, at)
        at += entry.length
      })
      return 0
    },
  }
}

/**
 * The functions that the program imports from `wasi_snapshot_preview1`.
 *
 * @param names - Those that it imports.
 * @param memory - Returns the program's memory. It is called when the program runs.
 * @param variables - The environment variables that the program sees.
 */
export function systemCalls(names, memory, variables) {
  const view = () => new DataView(memory().buffer)
  const bytes = () => new Uint8Array(memory().buffer)
  const known = {
    ...environmentCalls(view, bytes, variables),
    clock_time_get(clock, precision, time) {
      const now = clock === REALTIME_CLOCK ? Date.now() : performance.now()
      view().setBigUint64(time >>> 0, BigInt(Math.round(now * NANOSECONDS_PER_MILLISECOND)), true)
      return 0
    },
    sched_yield: () => 0,
    proc_exit(status) {
      throw new Error(`gru-native: the WebAssembly program ended with status ${status}`)
    },
  }
  return Object.fromEntries(names.map((name) => [name, known[name] ?? (() => BAD_FILE)]))
}
