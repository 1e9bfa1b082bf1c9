/**
 * Tells of a file that was replaced or changed.
 */
import { watch } from 'node:fs'
import { basename, dirname } from 'node:path'

/** A file that is being written changes many times. */
const QUIET_MILLISECONDS = 200

/** Returns a function that ends the watch. The folder is watched: a new file of the name is another one to the system. */
export function watchFile(file, onChange) {
  let timer
  const watcher = watch(dirname(file), (event, name) => {
    if (name !== basename(file)) return
    clearTimeout(timer)
    timer = setTimeout(onChange, QUIET_MILLISECONDS)
  })
  return () => {
    clearTimeout(timer)
    watcher.close()
  }
}
