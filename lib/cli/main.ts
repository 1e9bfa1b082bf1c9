#!/usr/bin/env node
/**
 * The program `gru`.
 *
 * @module
 */
import { Interruption } from './interruption'
import { run } from './run'

const { stdout, stderr } = process
const controller = new AbortController()

/** The bar of a training hides the cursor. */
const SHOW_CURSOR = '\u001b[?25h'

// The first signal lets the command save what it has. A second one ends the process at once.
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    const interruption = Interruption.by(name)
    if (controller.signal.aborted) {
      if (stdout.isTTY) stdout.write(SHOW_CURSOR)
      process.exit(interruption.status)
    }
    controller.abort(interruption)
  })
}

// The reader of the output may stop reading: `gru train TABLE | head`. What is written afterwards is lost.
stdout.on('error', () => {
  controller.abort(Interruption.by('SIGPIPE'))
})
stderr.on('error', () => undefined)

void run(process.argv.slice(2), { stdout, stderr, signal: controller.signal }).then((status) => {
  process.exitCode = status
})
